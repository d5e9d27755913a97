package org.linformer.serving;

import org.springframework.http.HttpStatus;

/** A request that breaks a rule of ours. */
public class RequestException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final HttpStatus status;

    /**
     * Constructs the refusal.
     *
     * @param status the status of the answer
     * @param message what must be how, and how it is
     */
    public RequestException(HttpStatus status, String message) {
        super(message);
        this.status = status;
    }

    HttpStatus status() {
        return status;
    }
}
