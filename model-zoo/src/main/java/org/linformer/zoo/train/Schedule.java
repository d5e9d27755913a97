package org.linformer.zoo.train;

/** The course of a training. */
final class Schedule {

    private Schedule() {}

    /**
     * Linear warm-up to the peak, then linear decay to zero.
     *
     * @param step number of the step, from 1
     * @param total number of steps
     * @param warmup share of the steps in which the rate rises
     * @return share of the peak
     */
    static float share(int step, int total, float warmup) {
        float warm = Math.max(1, warmup * total);
        return Math.min(step / warm, (total - step + 1) / (total - warm + 1));
    }

    /**
     * Spreads checks evenly over the steps, the last one at the end.
     *
     * @param step number of the step, from 1
     * @param total number of steps
     * @param checks number of checks
     * @return whether the step is followed by a check
     */
    static boolean isCheck(int step, int total, int checks) {
        return (long) step * checks / total > (step - 1L) * checks / total;
    }
}
