package org.linformer.serving.model;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.stream.Stream;
import org.linformer.serving.RequestException;
import org.linformer.serving.ServingProperties;
import org.springframework.http.HttpStatus;

/**
 * Which requests are let in: by how many wait, how many tokens they have, and how fast the last batches were. {@link
 * Inference} asks and tells it under its own lock; refusals alone may be counted by any thread.
 */
final class Admission {

    /** What is computed within so many seconds may wait, however many requests it is: a burst of short texts. */
    private static final double SHORT_QUEUE = 0.5;

    /** Tokens of a batch by whose time the speed is known; a smaller one takes about as long for fewer. */
    private static final int TELLING_TOKENS = 1024;

    private static final String CLIENT_GONE = "client_gone";

    private final ServingProperties properties;
    private final MeterRegistry meters;
    private int requests;
    private int queuedTokens;
    private int runningTokens;

    /** A guess until a batch tells it. */
    private double tokensPerSecond = 10_000;

    private boolean isSpeedKnown;

    /** What is refused tells no speed: each refusal trusts one that was perhaps too low a little less. */
    private int refusedSinceTold;

    Admission(ServingProperties properties, MeterRegistry meters) {
        this.properties = properties;
        this.meters = meters;
        // Prometheus sees no rise of what it first sees at 1
        Stream.concat(Arrays.stream(UnavailableException.Reason.values()).map(Object::toString), Stream.of(CLIENT_GONE))
                .forEach(this::rejected);
    }

    /**
     * Refuses a request that there is no room for.
     *
     * @param tokens of its texts; 0 where they are not known yet
     * @throws RequestException if they alone take longer than there is time
     * @throws UnavailableException if the queue is full
     */
    void requireRoom(int tokens) {
        double seconds = seconds(queuedTokens + runningTokens + tokens);
        if (requests >= properties.maxConcurrentRequests() && seconds > SHORT_QUEUE) {
            throw rejected(
                    UnavailableException.Reason.QUEUE_FULL,
                    "requests at once must be at most serving.max-concurrent-requests=%d, but are %d that wait"
                            .formatted(properties.maxConcurrentRequests(), requests),
                    retryAfter(queuedTokens));
        }
        double time = properties.requestTimeout().toNanos() / 1e9;
        if (isSpeedKnown && seconds(tokens) > time * Math.pow(1.1, refusedSinceTold)) {
            refusedSinceTold++;
            throw new RequestException(
                    HttpStatus.CONTENT_TOO_LARGE,
                    "request must be answered within serving.request-timeout=%s, but its %d tokens take about %.0f seconds"
                            .formatted(properties.requestTimeout(), tokens, seconds(tokens)));
        }
        if (requests > 0 && seconds > time) {
            throw rejected(
                    UnavailableException.Reason.QUEUE_FULL,
                    "answer must come within serving.request-timeout=%s, but what waits and the request take about %.0f seconds"
                            .formatted(properties.requestTimeout(), seconds),
                    retryAfter(queuedTokens));
        }
    }

    /**
     * Refuses what its own model has no room for, though the queue may have.
     *
     * @param model whose answers are wanted
     * @param tokens of the request's texts
     * @param queue what waits
     * @throws UnavailableException if too many tokens wait for the model
     */
    void requireRoom(LoadedModel model, int tokens, Collection<Job> queue) {
        int most = model.maxQueuedTokens();
        int waiting = queue.stream()
                .filter(job -> job.model() == model)
                .mapToInt(job -> job.text().read())
                .sum();
        if (waiting > 0 && waiting + tokens > most) {
            throw rejected(
                    UnavailableException.Reason.QUEUE_FULL,
                    "queue must hold at most serving.limits.%s.max-queued-tokens=%d, but %d wait and the request has %d"
                            .formatted(model.config().name(), most, waiting, tokens),
                    retryAfter(waiting));
        }
    }

    /** How long tokens take at the speed of the last batches. */
    private double seconds(int tokens) {
        return tokens / tokensPerSecond;
    }

    private Duration retryAfter(int tokens) {
        return Duration.ofSeconds(1 + (long) seconds(tokens));
    }

    UnavailableException rejected(UnavailableException.Reason reason, String message, Duration retryAfter) {
        rejected(reason.toString()).increment();
        return new UnavailableException(reason, message, retryAfter);
    }

    void clientGone() {
        rejected(CLIENT_GONE).increment();
    }

    private Counter rejected(String reason) {
        return meters.counter("linformer.rejected", "reason", reason);
    }

    /** A request is in, with so many tokens. */
    void entered(int tokens) {
        requests++;
        queuedTokens += tokens;
    }

    /** A request is answered or given up. */
    void left() {
        requests--;
    }

    /** Tokens left the queue that nobody waits for any more. */
    void dropped(int tokens) {
        queuedTokens -= tokens;
    }

    /** Tokens left the queue for the engine. */
    void started(int tokens) {
        queuedTokens -= tokens;
        runningTokens += tokens;
    }

    /** A batch left the engine; the time of one that failed tells no speed. */
    void ran(Batch batch, double seconds, boolean succeeded) {
        int tokens = batch.tokens();
        runningTokens -= tokens;
        if (succeeded && tokens >= TELLING_TOKENS) {
            isSpeedKnown = true;
            refusedSinceTold = 0;
            tokensPerSecond = 0.8 * tokensPerSecond + 0.2 * tokens / seconds * batch.sideBySide();
        }
    }

    int queuedTokens() {
        return queuedTokens;
    }

    /** Whether nothing is computed. */
    boolean isIdle() {
        return runningTokens == 0;
    }
}
