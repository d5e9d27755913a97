package org.linformer.zoo.train;

/** The learning rate over a training. */
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
}
