package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;
import org.jspecify.annotations.Nullable;

/**
 * A weighted mean of the tokens through a linear layer: (b, n, dModel) to logits (b, classes).
 *
 * <p>A token x_i weighs exp(v x_i), with v learned from zero, the plain mean: in a long text the few tokens that tell
 * its class need not drown. Lin et al. 2017, "A Structured Self-attentive Sentence Embedding",
 * https://arxiv.org/abs/1703.03130, section 2.1, without the hidden layer.
 */
public final class ClassifierHead extends Head {

    private static final byte VERSION = 2;
    private static final float PENALTY = 1e4f; // exp of its negative is zero in every type

    /**
     * What the head is built from.
     *
     * @param numClasses number of classes
     */
    public record Config(int numClasses) implements HeadConfig {
        public Config {
            if (numClasses < 2) {
                throw new IllegalArgumentException("numClasses must be at least 2, but is " + numClasses);
            }
        }

        @Override
        public Head newHead(EncoderConfig encoder, Parameter tokens) {
            return new ClassifierHead(this, encoder);
        }
    }

    private final Parameter content;
    private final Linear classifier;
    private final int numClasses;
    private final int dModel;
    private final float dropout;

    private ClassifierHead(Config config, EncoderConfig encoder) {
        super(VERSION);
        numClasses = config.numClasses();
        dModel = encoder.attention().dModel();
        dropout = encoder.dropout();
        content = addParameter(Parameter.builder()
                .setName("pooling.content")
                .setType(Parameter.Type.OTHER)
                .optShape(new Shape(dModel))
                .optInitializer((manager, shape, type) -> manager.zeros(shape, type))
                .build());
        classifier = addChildBlock(
                "classifier", Linear.builder().setUnits(numClasses).build());
    }

    @Override
    protected NDArray answer(
            ParameterStore store, NDArray x, @Nullable NDArray mask, @Nullable NDArray positions, boolean training) {
        NDArray v = store.getValue(content, x.getDevice(), training).get(x.getManager(), new NDIndex("..."));
        NDArray scores = x.matMul(v.expandDims(1)).squeeze(2); // (b, n)
        NDArray those = mask == null
                ? scores
                : scores.add(mask.sub(1).mul(x.getManager().full(new Shape(), PENALTY))); // (b, n)
        NDArray weights = those.sub(those.max(new int[] {1}, true)).exp(); // (b, n), the greatest is 1
        NDList pooled = new NDList(mean(x, mask == null ? weights : weights.mul(mask))); // (b, dModel)
        NDList kept = training && dropout > 0 ? Dropout.dropout(pooled.head(), dropout, true) : pooled; // (b, dModel)
        return classifier.forward(store, kept, training).singletonOrThrow(); // (b, classes)
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        classifier.initialize(manager, type, new Shape(inputShapes[0].get(0), dModel));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {new Shape(inputShapes[0].get(0), numClasses)};
    }
}
