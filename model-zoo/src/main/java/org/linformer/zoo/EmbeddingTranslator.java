package org.linformer.zoo;

import org.linformer.encoder.EmbeddingHead;

/** A text to its vector of length 1. */
public final class EmbeddingTranslator extends TokensTranslator<float[]> {

    /**
     * Constructs a translator.
     *
     * @param config the model
     * @throws IllegalArgumentException if the model does not embed
     */
    public EmbeddingTranslator(ModelConfig config) {
        super(config, EmbeddingHead.Config.class);
    }

    @Override
    float[] answer(float[] vector) {
        return vector;
    }
}
