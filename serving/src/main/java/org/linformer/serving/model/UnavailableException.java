package org.linformer.serving.model;

import java.time.Duration;
import java.util.Locale;

/** The service cannot answer now. */
public final class UnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Reason {
        /** Too much is waiting. */
        QUEUE_FULL,
        /** Too much is being sent or read by clients, or tokenized. */
        BUSY,
        /** The answer took too long. */
        DEADLINE,
        /** The engine failed on this batch. */
        ENGINE,
        /** The service is being stopped. */
        STOPPING;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Reason reason;
    private final Duration retryAfter;

    UnavailableException(Reason reason, String message, Duration retryAfter) {
        super(message);
        this.reason = reason;
        this.retryAfter = retryAfter;
    }

    /**
     * Returns why.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }

    /**
     * Returns when it may be worth trying again.
     *
     * @return a time, zero if it says nothing
     */
    public Duration retryAfter() {
        return retryAfter;
    }
}
