package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;
import org.jspecify.annotations.Nullable;

/** The mean of the tokens through a linear layer: (b, n, dModel) to logits (b, classes). */
public final class ClassifierHead extends Head {

    private static final byte VERSION = 1;

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

    private final Linear classifier;
    private final int numClasses;
    private final int dModel;
    private final float dropout;

    private ClassifierHead(Config config, EncoderConfig encoder) {
        super(VERSION);
        numClasses = config.numClasses();
        dModel = encoder.attention().dModel();
        dropout = encoder.dropout();
        classifier = addChildBlock(
                "classifier", Linear.builder().setUnits(numClasses).build());
    }

    @Override
    protected NDArray answer(
            ParameterStore store, NDArray x, @Nullable NDArray mask, @Nullable NDArray positions, boolean training) {
        NDList pooled = new NDList(mean(x, mask)); // (b, dModel)
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
