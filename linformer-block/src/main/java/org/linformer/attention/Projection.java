package org.linformer.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.initializer.UniformInitializer;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How keys and values are brought from n positions onto k slots: the E and F of Linformer (Wang et al. 2020,
 * https://arxiv.org/abs/2006.04768, section 4, "General projections").
 *
 * <p><b>Where k does not divide maxLength.</b> {@link Linear} does not mind. {@link Pooling} and {@link Convolution}
 * cut the length into windows of ⌊maxLength / k⌋ positions: as many as fit become slots, which may be more than k, and
 * the positions behind the last whole window are left out. Their number does not depend on the length of the input:
 * behind its end stand slots of zeros, as behind the tokens of a padded input.
 */
public sealed interface Projection {

    /** Who shares E and F ("parameter sharing between projections", section 4). */
    enum Sharing {
        /** Each head of each layer has its own E and F. */
        NONE,
        /** Each layer has one E and one F. */
        HEADWISE,
        /** Each layer has one E, which is F too. */
        KEY_VALUE,
        /** All layers together have one E, which is F too. */
        LAYERWISE
    }

    /** Where training of a linear E and F starts. */
    enum Initialization {
        /** N(0, 1/k), the R of Theorem 1: every slot mixes all positions. */
        GAUSSIAN,
        /** U(-1/√k, 1/√k), of variance 1/(3k): how lucidrains/linformer starts. */
        UNIFORM,
        /**
         * Slot j is the mean of the positions ⌊j * maxLength / k⌋ to ⌈(j + 1) * maxLength / k⌉ - 1: mean pooling that
         * leaves no position out.
         */
        BAND,
        /**
         * Slot j is position ⌊j * maxLength / k⌋ alone, so that each slot starts as one real key: the start for weights
         * that were trained with full attention, and from nothing too where the steps are few.
         */
        STRIDED;

        private Initializer initializer(int k) {
            float deviation = (float) (1 / Math.sqrt(k));
            return switch (this) {
                case GAUSSIAN -> new NormalInitializer(deviation);
                case UNIFORM -> new UniformInitializer(deviation);
                case BAND ->
                    rows(k, (row, slot, length) -> {
                        int from = (int) ((long) slot * length / k);
                        int to = (int) (((slot + 1L) * length + k - 1) / k);
                        Arrays.fill(row, from, to, 1f / (to - from));
                    });
                case STRIDED -> rows(k, (row, slot, length) -> row[(int) ((long) slot * length / k)] = 1);
            };
        }

        private interface Row {
            void fill(float[] row, int slot, int length);
        }

        private static Initializer rows(int k, Row filler) {
            return (manager, shape, type) -> {
                int length = (int) shape.get(shape.dimension() - 1);
                float[] e = new float[(int) shape.size()];
                float[] row = new float[length];
                for (int i = 0; i < e.length / length; i++) {
                    Arrays.fill(row, 0);
                    filler.fill(row, i % k, length);
                    System.arraycopy(row, 0, e, i * length, length);
                }
                return manager.create(e, shape).toType(type, false);
            };
        }
    }

    /**
     * E and F are matrices (k, maxLength): the projection of the paper's equation 7.
     *
     * <p>Adam moves each of a row's maxLength numbers by about its learning rate, whatever their size: E and F want a
     * smaller rate than the other matrices, or what a row picked is lost among the rest within some steps.
     *
     * @param sharing who shares them
     * @param initialization where their training starts
     * @param bias whether a trained number is added to each slot, as one public implementation does
     * @param frozen whether E and F stay as they were initialised or loaded; GAUSSIAN is then the random projection of
     *     the theorems, BAND is mean pooling
     */
    record Linear(Sharing sharing, Initialization initialization, boolean bias, boolean frozen) implements Projection {

        @Override
        public int slots(int maxLength, int k) {
            return k;
        }

        @Override
        public boolean commutesWithHeads() {
            return sharing != Sharing.NONE;
        }

        @Override
        public Parameter weight(String name, MultiHeadAttention.Heads heads, int maxLength, int k) {
            Shape one = new Shape(k, maxLength);
            return Projection.weight(
                    name,
                    sharing == Sharing.NONE ? new Shape(heads.numHeads()).addAll(one) : one,
                    initialization.initializer(k),
                    !frozen);
        }

        @Override
        public @Nullable Parameter bias(String name, MultiHeadAttention.Heads heads, int k) {
            if (!bias) {
                return null;
            }
            Shape shape = sharing == Sharing.NONE ? new Shape(heads.numHeads(), k) : new Shape(k);
            return Projection.bias(name, shape);
        }

        @Override
        public NDArray project(NDArray rows, @Nullable NDArray weight, int window, int slots) {
            NDArray firstColumns = Objects.requireNonNull(weight).get("..., :{}", length(rows)); // (k, n) or (h, k, n)
            return firstColumns.matMul(rows);
        }

        @Override
        public NDArray broadcast(NDArray bias, int numHeads) {
            return bias.expandDims(-1); // (k, 1) or (h, k, 1)
        }
    }

    /**
     * A slot is the mean or the maximum of a window; nothing is trained. Padding counts as zero in both.
     *
     * @param reduction what becomes of a window
     */
    record Pooling(Reduction reduction) implements Projection {

        /** What becomes of a window. */
        public enum Reduction {
            /** The mean. */
            MEAN,
            /** The maximum, of each channel on its own. */
            MAX
        }

        @Override
        public Sharing sharing() {
            return Sharing.KEY_VALUE; // of no parameters, so that each layer may have a k of its own
        }

        @Override
        public boolean commutesWithHeads() {
            return reduction == Reduction.MEAN;
        }

        @Override
        public @Nullable Parameter weight(String name, MultiHeadAttention.Heads heads, int maxLength, int k) {
            return null;
        }

        @Override
        public @Nullable Parameter bias(String name, MultiHeadAttention.Heads heads, int k) {
            return null;
        }

        @Override
        public NDArray project(NDArray rows, @Nullable NDArray weight, int window, int slots) {
            NDArray windows = windows(rows, window, slots); // (.., w, window, c)
            int[] axis = {windows.getShape().dimension() - 2};
            NDArray pooled = reduction == Reduction.MEAN ? windows.mean(axis) : windows.max(axis); // (.., w, c)
            return resized(pooled, slots); // (.., slots, c)
        }
    }

    /**
     * A slot is a weighted sum over a window, a convolution along the length with kernel = stride = window.
     *
     * @param sharing who shares the kernels
     * @param depthwise whether a channel is made of itself only and has its own kernel, so that heads do not share and
     *     NONE is as HEADWISE; otherwise a channel is made of all channels of its head
     * @param bias whether a trained number is added to each channel
     */
    record Convolution(Sharing sharing, boolean depthwise, boolean bias) implements Projection {

        @Override
        public boolean commutesWithHeads() {
            return false;
        }

        @Override
        public Parameter weight(String name, MultiHeadAttention.Heads heads, int maxLength, int k) {
            int window = maxLength / k;
            int d = heads.headDim();
            Shape one = new Shape(d, d, window);
            Shape shape = depthwise
                    ? new Shape((long) heads.numHeads() * d, 1, window)
                    : sharing == Sharing.NONE ? new Shape(heads.numHeads()).addAll(one) : one;
            float bound = (float) (1 / Math.sqrt((depthwise ? 1 : d) * (double) window));
            return Projection.weight(name, shape, new UniformInitializer(bound), true);
        }

        @Override
        public @Nullable Parameter bias(String name, MultiHeadAttention.Heads heads, int k) {
            if (!bias) {
                return null;
            }
            Shape shape = depthwise
                    ? new Shape((long) heads.numHeads() * heads.headDim())
                    : sharing == Sharing.NONE
                            ? new Shape(heads.numHeads(), heads.headDim())
                            : new Shape(heads.headDim());
            return Projection.bias(name, shape);
        }

        @Override
        public NDArray project(NDArray rows, @Nullable NDArray weight, int window, int slots) {
            NDArray kernel = Objects.requireNonNull(weight);
            NDArray windows = windows(rows, window, slots); // (b, h, w, window, d)
            Shape shape = windows.getShape();
            NDArray sums; // (b, h, w, d)
            if (depthwise) {
                NDArray perHead = kernel.reshape(shape.get(1), 1, shape.get(4), window); // (h, 1, d, window)
                sums = windows.mul(perHead.swapAxes(2, 3)).sum(new int[] {3});
            } else {
                // (d out, d in, window), or a head more in front, to (window * d in, d out)
                NDArray byPosition = sharing == Sharing.NONE
                        ? kernel.transpose(0, 3, 2, 1).reshape(shape.get(1), -1, shape.get(4))
                        : kernel.transpose(2, 1, 0).reshape(-1, shape.get(4));
                sums = windows.reshape(shape.get(0), shape.get(1), shape.get(2), -1)
                        .matMul(byPosition);
            }
            return resized(sums, slots); // (b, h, slots, d)
        }

        @Override
        public NDArray broadcast(NDArray bias, int numHeads) {
            // (d) to (1, 1, d); (h * d) and (h, d) to (h, 1, d)
            return bias.reshape(depthwise || sharing == Sharing.NONE ? numHeads : 1, 1, -1);
        }
    }

    /**
     * Says who shares.
     *
     * @return the sharing
     */
    Sharing sharing();

    /**
     * Counts the slots.
     *
     * @param maxLength longest input
     * @param k projected length that was asked for
     * @return the number of keys after projection
     */
    default int slots(int maxLength, int k) {
        return maxLength / (maxLength / k);
    }

    /** Whether E (K W_k) = (E K) W_k: it is linear and the same for every channel and head. */
    boolean commutesWithHeads();

    /** The matrix or the kernels, not initialised; null where there are none. */
    @Nullable
    Parameter weight(String name, MultiHeadAttention.Heads heads, int maxLength, int k);

    /** What is added to a slot after projecting, not initialised; null where there is none. */
    @Nullable
    Parameter bias(String name, MultiHeadAttention.Heads heads, int k);

    /**
     * Projects rows that are zero at padding.
     *
     * @param rows (b, n, c), or (b, h, n, d) where it does not commute with the heads
     * @param weight the weight, if there is one
     * @param window positions of a window
     * @param slots number of slots
     * @return (b, slots, c) or (b, h, slots, d)
     */
    NDArray project(NDArray rows, @Nullable NDArray weight, int window, int slots);

    /** The bias in a shape that is added to (b, h, slots, d). */
    default NDArray broadcast(NDArray bias, int numHeads) {
        throw new IllegalStateException("projection must have a bias, but is " + this);
    }

    private static Parameter weight(String name, Shape shape, Initializer initializer, boolean isTrained) {
        return Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.OTHER)
                .optShape(shape)
                .optInitializer(initializer)
                .optRequiresGrad(isTrained)
                .build();
    }

    private static Parameter bias(String name, Shape shape) {
        return Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.BIAS)
                .optShape(shape)
                .build();
    }

    private static long length(NDArray rows) {
        return rows.getShape().get(rows.getShape().dimension() - 2);
    }

    /** The rows cut into whole windows, the last one filled up with zeros: (.., n, c) to (.., w, window, c). */
    private static NDArray windows(NDArray rows, int window, int slots) {
        long n = length(rows);
        long number = Math.min((n + window - 1) / window, slots);
        NDArray whole = resized(rows, number * window);
        Shape shape = whole.getShape();
        int axis = shape.dimension() - 2;
        return whole.reshape(shape.slice(0, axis).add(number, window).addAll(shape.slice(axis + 1)));
    }

    /** The first rows, or all of them and zeros behind: (.., n, c) to (.., length, c). */
    private static NDArray resized(NDArray rows, long length) {
        Shape shape = rows.getShape();
        int axis = shape.dimension() - 2;
        long n = shape.get(axis);
        if (n == length) {
            return rows;
        }
        if (n > length) {
            return rows.get(new NDIndex("..., :{}, :", length));
        }
        NDManager manager = rows.getManager();
        Shape missing = shape.slice(0, axis).add(length - n).addAll(shape.slice(axis + 1));
        return rows.concat(AttentionBlock.typed(manager.zeros(missing), rows), axis);
    }
}
