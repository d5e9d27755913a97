package org.linformer.serving.model;

/** Nobody waits for the answer any more. */
public final class ClientGoneException extends RuntimeException {

    private static final long serialVersionUID = 1;
}
