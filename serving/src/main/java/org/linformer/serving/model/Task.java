package org.linformer.serving.model;

import java.util.Locale;

/** What a model can be asked for. */
public enum Task {
    /** Labels. */
    CLASSIFY,
    /** Logits of the labels: what the probabilities are the softmax of. */
    SCORE,
    /** A vector. */
    EMBED,
    /** A vector for each token. */
    EMBED_TOKENS;

    boolean isOfLabels() {
        return this == CLASSIFY || this == SCORE;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
