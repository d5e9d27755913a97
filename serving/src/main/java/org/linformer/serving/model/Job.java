package org.linformer.serving.model;

import java.util.concurrent.CompletableFuture;
import org.linformer.zoo.TokenizedText;

/**
 * One text that waits for its answer.
 *
 * @param client who waits for it
 * @param model the model that is asked
 * @param task what it is asked for
 * @param text the text
 * @param answer where the answer goes; cancelled when nobody waits for it any more
 * @param queuedAt when it came, by {@code System.nanoTime()}
 */
record Job(
        Client client,
        LoadedModel model,
        Task task,
        TokenizedText text,
        CompletableFuture<Done> answer,
        long queuedAt) {

    /**
     * The answer.
     *
     * @param values the vector, a number for each label, or the vectors of the tokens behind each other
     * @param queue nanoseconds that the text waited
     * @param inference nanoseconds that its batch took
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Done(float[] values, long queue, long inference) {}

    boolean goesWith(Job other) {
        return model == other.model && task == other.task;
    }
}
