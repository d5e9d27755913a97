package org.linformer.serving.model;

/** A request names a model that is not served, or asks it for what it cannot do. */
public final class UnknownModelException extends RuntimeException {

    private static final long serialVersionUID = 1;

    UnknownModelException(String message) {
        super(message);
    }
}
