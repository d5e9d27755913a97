package org.linformer.serving.model;

/** Whoever waits for an answer. */
@FunctionalInterface
public interface Client {

    /**
     * Tells whether nobody waits any more.
     *
     * @return whether the client has gone
     */
    boolean isGone();
}
