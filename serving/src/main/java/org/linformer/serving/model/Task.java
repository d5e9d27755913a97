package org.linformer.serving.model;

import java.util.Locale;

/** What a model can be asked for. */
public enum Task {
    /** Labels. */
    CLASSIFY,
    /** A vector. */
    EMBED;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
