package org.linformer.zoo.train;

import java.io.PrintStream;
import java.util.function.Supplier;

/** Counts the steps of a training and tells of them, not more often than one can read. */
final class Meter {

    private static final double SECONDS_BETWEEN_LINES = 10;

    private final PrintStream progress;
    private final int total;
    private final Checkpoint before;
    private long start = System.nanoTime();
    private double told;

    /**
     * Starts to count.
     *
     * @param before where the training stands
     * @param total steps of the whole training
     */
    Meter(PrintStream progress, Checkpoint before, int total) {
        this.progress = progress;
        this.before = before;
        this.total = total;
    }

    /** The same after a step in which so many tokens were read. */
    Checkpoint after(Checkpoint at, Supplier<String> loss, long tokensOfStep) {
        double elapsed = (System.nanoTime() - start) / 1e9;
        Checkpoint now = at.after(before.seconds() + elapsed, at.tokens() + tokensOfStep);
        if (elapsed - told >= SECONDS_BETWEEN_LINES) {
            told = elapsed;
            int made = now.step() - before.step();
            progress.println("step %d of %d, %s, %,.0f tokens/s, %.0f min left"
                    .formatted(
                            now.step(),
                            total,
                            loss.get(),
                            (now.tokens() - before.tokens()) / elapsed,
                            elapsed / made * (total - now.step()) / 60));
        }
        return now;
    }

    /** Leaves the time of something else out, such as a validation. */
    void leaveOut(long nanos) {
        start += nanos;
    }
}
