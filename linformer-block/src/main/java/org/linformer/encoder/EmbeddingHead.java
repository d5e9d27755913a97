package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import org.jspecify.annotations.Nullable;

/** One vector for the text: the mean of the tokens, of length 1; (b, n, dModel) to (b, dModel). */
public final class EmbeddingHead extends Head {

    private static final byte VERSION = 1;

    /** What the head is built from: nothing. */
    public record Config() implements HeadConfig {
        @Override
        public Head newHead(EncoderConfig encoder, Parameter tokens) {
            return new EmbeddingHead();
        }
    }

    private EmbeddingHead() {
        super(VERSION);
    }

    @Override
    protected NDArray answer(
            ParameterStore store, NDArray x, @Nullable NDArray mask, @Nullable NDArray positions, boolean training) {
        return mean(x, mask).normalize(2, 1); // (b, dModel)
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {new Shape(inputShapes[0].get(0), inputShapes[0].get(2))};
    }
}
