package org.linformer.serving;

import java.util.Locale;
import org.linformer.serving.model.Answers;
import org.linformer.serving.model.Timing;
import org.springframework.http.ResponseEntity;

/** An answer that says in its headers how much was read, and where its time went. */
public final class Answered {

    private static final double NANOS_PER_MILLI = 1e6;

    private Answered() {}

    /**
     * Puts the headers before a body.
     *
     * @param <T> type of the body
     * @param answers what was read, and when
     * @param body the body
     * @return the answer
     */
    public static <T> ResponseEntity<T> with(Answers<?> answers, T body) {
        Timing timing = answers.timing();
        String tokenize = millis(timing.tokenize());
        String queue = millis(timing.queue());
        String inference = millis(timing.inference());
        return ResponseEntity.ok()
                .header(
                        "Server-Timing",
                        "tokenize;dur=%s, queue;dur=%s, inference;dur=%s".formatted(tokenize, queue, inference))
                // the names of text-embeddings-inference
                .header("X-Compute-Tokens", String.valueOf(answers.tokensRead()))
                .header("X-Tokenization-Time", tokenize)
                .header("X-Queue-Time", queue)
                .header("X-Inference-Time", inference)
                // ours
                .header("X-Cut-Tokens", String.valueOf(answers.tokensCut()))
                .body(body);
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.3f", nanos / NANOS_PER_MILLI);
    }
}
