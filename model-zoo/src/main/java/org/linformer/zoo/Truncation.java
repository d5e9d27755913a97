package org.linformer.zoo;

/** What happens to a text that is longer than the model reads. */
public enum Truncation {
    /** It is refused. */
    NONE,
    /** Its end is cut off. */
    END,
    /** Its start is cut off. */
    START
}
