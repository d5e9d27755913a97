package org.linformer.attention;

import java.util.Arrays;
import java.util.Map;

/** The paper's equation 7 in the paper's order, for a projection that a subclass names. */
abstract class LinformerContract extends AttentionContract {

    abstract Projection projection();

    /** Divides 16 with a rest, so that windows leave a position out. */
    int k() {
        return 5;
    }

    LinformerAttention.Exact exact() {
        return LinformerAttention.Exact.NOWHERE;
    }

    @Override
    AttentionConfig config() {
        return new LinformerAttention.Config(HEADS, MAX_LENGTH, k(), projection(), exact());
    }

    @Override
    double[][] naive(Map<String, double[][]> weights, double[][] x, double[][] context, boolean[] isToken) {
        int slots = projection() instanceof Projection.Linear ? k() : MAX_LENGTH / (MAX_LENGTH / k());
        boolean isShort = switch (exact()) {
            case NOWHERE -> false;
            case SHORT_TEXTS -> lastToken(isToken) < slots;
            // what stands behind the tokens of x itself is padding, of which nothing is asked
            case FIRST_POSITIONS -> isToken.length <= slots || (x != context && lastToken(isToken) < slots);
        };
        if (isShort) {
            return SoftmaxAttentionTest.softmaxAttention(weights, x, context, isToken, false);
        }
        double[][] query = SoftmaxAttentionTest.projected(weights, x, "query");
        double[][] key = SoftmaxAttentionTest.projected(weights, context, "key");
        double[][] value = SoftmaxAttentionTest.projected(weights, context, "value");
        Naive.zeroRows(key, isToken);
        Naive.zeroRows(value, isToken);
        boolean[] everySlot = new boolean[slots];
        Arrays.fill(everySlot, true);
        double[][] heads = new double[x.length][query[0].length];
        int d = HEADS.headDim();
        String nameOfF = weights.containsKey("self.F") || weights.containsKey("self.F.bias") ? "self.F" : "self.E";
        for (int h = 0; h < HEADS.numHeads(); h++) {
            double[][] head = Naive.attend(
                    Naive.columns(query, h * d, (h + 1) * d),
                    projected(weights, "self.E", h, Naive.columns(key, h * d, (h + 1) * d), slots),
                    projected(weights, nameOfF, h, Naive.columns(value, h * d, (h + 1) * d), slots),
                    everySlot,
                    false);
            for (int i = 0; i < x.length; i++) {
                System.arraycopy(head[i], 0, heads[i], h * d, d);
            }
        }
        double[][] y = Naive.linear(heads, weights.get("output.dense.weight"), weights.get("output.dense.bias")[0]);
        if (exact() == LinformerAttention.Exact.FIRST_POSITIONS && x == context) {
            double[][] first = Arrays.copyOf(x, slots);
            double[][] beginning =
                    SoftmaxAttentionTest.softmaxAttention(weights, first, first, Arrays.copyOf(isToken, slots), false);
            System.arraycopy(beginning, 0, y, 0, slots);
        }
        return y;
    }

    /** One head's rows (n, d) on the slots. */
    private double[][] projected(Map<String, double[][]> weights, String name, int head, double[][] rows, int slots) {
        int own = projection().sharing() == Projection.Sharing.NONE ? head : 0;
        double[][] all = weights.get(name);
        double[][] bias = weights.get(name + ".bias");
        int d = HEADS.headDim();
        double[][] sums;
        if (projection() instanceof Projection.Linear) {
            double[][] e = Naive.columns(Arrays.copyOfRange(all, own * slots, (own + 1) * slots), 0, rows.length);
            sums = Naive.multiply(e, rows);
        } else if (projection() instanceof Projection.Pooling pooling) {
            boolean isMean = pooling.reduction() == Projection.Pooling.Reduction.MEAN;
            sums = Naive.pool(rows, MAX_LENGTH / k(), slots, isMean);
        } else {
            boolean isDepthwise = ((Projection.Convolution) projection()).depthwise();
            int size = isDepthwise ? d : d * d;
            int from = (isDepthwise ? head : own) * size;
            sums = Naive.convolve(rows, Arrays.copyOfRange(all, from, from + size), isDepthwise, slots);
        }
        for (int j = 0; j < slots && bias != null; j++) {
            for (int c = 0; c < d; c++) {
                sums[j][c] += biasOf(bias, head, own, j, c);
            }
        }
        return sums;
    }

    private double biasOf(double[][] bias, int head, int own, int slot, int channel) {
        if (projection() instanceof Projection.Linear) {
            return bias[own][slot];
        }
        boolean isDepthwise = ((Projection.Convolution) projection()).depthwise();
        return isDepthwise ? bias[0][head * HEADS.headDim() + channel] : bias[own][channel];
    }

    private static int lastToken(boolean[] isToken) {
        int last = isToken.length - 1;
        while (!isToken[last]) {
            last--;
        }
        return last;
    }
}
