package org.linformer.serving;

import org.springframework.http.HttpStatus;

/** A request in which there is nothing to read. */
public final class NoTextException extends RequestException {

    private static final long serialVersionUID = 1;

    /**
     * Constructs the refusal.
     *
     * @param message what must be there, and what is
     */
    public NoTextException(String message) {
        super(HttpStatus.BAD_REQUEST, message);
    }
}
