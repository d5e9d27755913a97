package org.linformer.zoo.train;

/**
 * The course of a training: how its learning rates rise and fall, and when it ends.
 *
 * @param warmup share of the steps in which the rates rise to their peaks, in a line
 * @param decay how they fall to zero from there
 * @param patience checks in a row without a better score after which the training ends before its last step; 0 goes on
 *     to that
 */
public record Schedule(float warmup, Decay decay, int patience) {

    /** How learning rates fall. */
    public enum Decay {
        /** In a line. */
        LINEAR,
        /** As half a period of the cosine (Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983, equation 5). */
        COSINE
    }

    public Schedule {
        Recipe.requireShare("warmup", warmup);
        Recipe.requireNotNegative("patience", patience);
    }

    /** The share of the peaks in a step, which is counted from 1. */
    float share(int step, int total) {
        float warm = Math.max(1, warmup * total);
        float left = Math.min(1, (total - step + 1) / (total - warm + 1)); // of the fall
        float fallen = decay == Decay.LINEAR ? left : (float) (1 - Math.cos(Math.PI * left)) / 2;
        return Math.min(step / warm, fallen);
    }

    /** Whether a training that stands there is at its end. */
    boolean isOver(Checkpoint at, int total, int checks) {
        int vain = checks(at.step(), total, checks) - checks(at.bestAt(), total, checks);
        return at.step() == total || (patience > 0 && vain >= patience);
    }

    /** Whether a step is followed by one of the checks, which are spread evenly, the last one at the end. */
    static boolean isCheck(int step, int total, int checks) {
        return checks(step, total, checks) > checks(step - 1, total, checks);
    }

    private static int checks(int step, int total, int checks) {
        return (int) ((long) step * checks / total);
    }
}
