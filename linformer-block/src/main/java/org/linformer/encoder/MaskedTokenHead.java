package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.ParameterStore;
import org.jspecify.annotations.Nullable;

/**
 * Which token stands at a position, asked where it was masked: (b, n, dModel) to logits (b, n, vocabSize), or (p,
 * vocabSize) for p positions.
 *
 * <p>Devlin et al. 2018, "BERT", https://arxiv.org/abs/1810.04805, section 3.1, with its two layers: dense, GELU and
 * layer normalisation, then the token embeddings themselves as the matrix of the logits.
 */
public final class MaskedTokenHead extends Head {

    private static final byte VERSION = 1;

    /** What the head is built from: nothing but the encoder. */
    public record Config() implements HeadConfig {
        @Override
        public Head newHead(EncoderConfig encoder, Parameter tokens) {
            return new MaskedTokenHead(encoder, tokens);
        }
    }

    private final Parameter tokens;
    private final Parameter bias;
    private final Linear dense;
    private final LayerNorm norm;

    private MaskedTokenHead(EncoderConfig encoder, Parameter tokens) {
        super(VERSION);
        this.tokens = tokens;
        // the order of these calls is the checkpoint format; the token embeddings belong to the embeddings
        bias = addParameter(Parameter.builder()
                .setName("bias")
                .setType(Parameter.Type.BIAS)
                .optShape(new Shape(tokens.getShape().get(0)))
                .build());
        dense = addChildBlock(
                "transform.dense",
                Linear.builder().setUnits(encoder.attention().dModel()).build());
        norm = addChildBlock(
                "transform.LayerNorm",
                LayerNorm.builder().axis(1).optEpsilon(encoder.normEpsilon()).build());
    }

    @Override
    protected NDArray answer(
            ParameterStore store, NDArray x, @Nullable NDArray mask, @Nullable NDArray positions, boolean training) {
        Shape shape = x.getShape();
        NDArray rows = x.reshape(-1, shape.get(2)); // (b * n, dModel)
        NDArray asked = positions == null ? rows : rows.get(positions); // (p, dModel)
        NDArray hidden = Activation.gelu(
                dense.forward(store, new NDList(asked), training).singletonOrThrow()); // (p, dModel)
        NDArray normal = norm.forward(store, new NDList(hidden), training).singletonOrThrow(); // (p, dModel)
        NDArray logits = Linear.linear(
                        normal,
                        store.getValue(tokens, x.getDevice(), training),
                        store.getValue(bias, x.getDevice(), training))
                .singletonOrThrow(); // (p, vocabSize)
        return positions == null ? logits.reshape(shape.get(0), shape.get(1), -1) : logits;
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        Shape rows = new Shape(1, inputShapes[0].get(2));
        dense.initialize(manager, type, rows);
        norm.initialize(manager, type, rows);
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        Shape x = inputShapes[0];
        return new Shape[] {new Shape(x.get(0), x.get(1), tokens.getShape().get(0))};
    }
}
