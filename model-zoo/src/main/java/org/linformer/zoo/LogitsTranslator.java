package org.linformer.zoo;

import org.linformer.encoder.ClassifierHead;

/** A text to the logits of its labels: what the probabilities are the softmax of. */
public final class LogitsTranslator extends TokensTranslator<float[]> {

    /**
     * Constructs a translator.
     *
     * @param config the model
     * @throws IllegalArgumentException if the model does not classify
     */
    public LogitsTranslator(ModelConfig config) {
        super(config, ClassifierHead.Config.class);
    }

    @Override
    float[] answer(float[] logits) {
        return logits;
    }
}
