package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/** The sum of learned token and position embeddings, normalised: ids (b, n) to (b, n, dModel). */
final class Embeddings extends AbstractBlock {

    private static final byte VERSION = 1;

    private final EncoderConfig config;
    private final Parameter tokens;
    private final Parameter positions;
    private final LayerNorm norm;

    Embeddings(int vocabSize, EncoderConfig config) {
        super(VERSION);
        this.config = config;
        // the order of these calls is the checkpoint format
        tokens = table("word_embeddings.weight", vocabSize);
        positions = table("position_embeddings.weight", config.attention().maxLength());
        norm = addChildBlock("LayerNorm", EncoderLayer.newNorm(config));
    }

    /** The embeddings of the tokens, (vocabSize, dModel). */
    Parameter tokens() {
        return tokens;
    }

    private Parameter table(String name, int rows) {
        return addParameter(Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.WEIGHT)
                .optShape(new Shape(rows, config.attention().dModel()))
                .optInitializer(new NormalInitializer(0.02f))
                .build());
    }

    /**
     * Embeds.
     *
     * @throws IllegalArgumentException if the ids are not (b, n) with n in [1, maxLength]
     */
    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        NDArray ids = inputs.head(); // (b, n)
        Shape shape = ids.getShape();
        int maxLength = config.attention().maxLength();
        if (shape.dimension() != 2 || shape.get(1) < 1 || shape.get(1) > maxLength) {
            throw new IllegalArgumentException(
                    "ids must be (b, n) with n in [1, maxLength=%d], but is %s".formatted(maxLength, shape));
        }
        try (NDManager scope = ids.getManager().newSubManager()) {
            scope.tempAttachAll(inputs);
            NDArray table = store.getValue(tokens, ids.getDevice(), training);
            NDArray word = Embedding.embedding(ids, table, SparseFormat.DENSE).singletonOrThrow(); // (b, n, dModel)
            NDArray position = store.getValue(positions, ids.getDevice(), training)
                    .get(scope, new NDIndex(":{}", shape.get(1))); // (n, dModel)
            NDList sum = norm.forward(store, new NDList(word.add(position)), training); // (b, n, dModel)
            return scope.ret(
                    training && config.dropout() > 0 ? Dropout.dropout(sum.head(), config.dropout(), true) : sum);
        }
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        norm.initialize(manager, type, getOutputShapes(inputShapes));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0].add(config.attention().dModel())};
    }
}
