package org.linformer.attention;

import java.util.Arrays;
import java.util.Map;

/** The paper's equation 7 in the paper's order, for a sharing that a subclass names. */
abstract class LinformerContract extends AttentionContract {

    static final int K = 5;

    abstract LinformerAttention.Sharing sharing();

    boolean exactWhenShort() {
        return false;
    }

    @Override
    AttentionConfig config() {
        return new LinformerAttention.Config(
                HEADS, MAX_LENGTH, K, sharing(), LinformerAttention.Initialization.GAUSSIAN, exactWhenShort());
    }

    @Override
    double[][] naive(Map<String, double[][]> weights, double[][] x, boolean[] isToken) {
        if (exactWhenShort() && lastToken(isToken) < K) {
            return SoftmaxAttentionTest.softmaxAttention(weights, x, isToken);
        }
        double[][] query = SoftmaxAttentionTest.projected(weights, x, "query");
        double[][] key = SoftmaxAttentionTest.projected(weights, x, "key");
        double[][] value = SoftmaxAttentionTest.projected(weights, x, "value");
        Naive.zeroRows(key, isToken);
        Naive.zeroRows(value, isToken);
        boolean[] everySlot = new boolean[K];
        Arrays.fill(everySlot, true);
        double[][] heads = new double[x.length][query[0].length];
        int d = HEADS.headDim();
        for (int h = 0; h < HEADS.numHeads(); h++) {
            double[][] e = projection(weights, "self.E", h, x.length);
            double[][] f = weights.containsKey("self.F") ? projection(weights, "self.F", h, x.length) : e;
            double[][] head = Naive.attend(
                    Naive.columns(query, h * d, (h + 1) * d),
                    Naive.multiply(e, Naive.columns(key, h * d, (h + 1) * d)),
                    Naive.multiply(f, Naive.columns(value, h * d, (h + 1) * d)),
                    everySlot);
            for (int i = 0; i < x.length; i++) {
                System.arraycopy(head[i], 0, heads[i], h * d, d);
            }
        }
        return Naive.linear(heads, weights.get("output.dense.weight"), weights.get("output.dense.bias")[0]);
    }

    private double[][] projection(Map<String, double[][]> weights, String name, int head, int n) {
        double[][] all = weights.get(name);
        int from = sharing() == LinformerAttention.Sharing.NONE ? head * K : 0;
        return Naive.columns(Arrays.copyOfRange(all, from, from + K), 0, n);
    }

    private static int lastToken(boolean[] isToken) {
        int last = isToken.length - 1;
        while (!isToken[last]) {
            last--;
        }
        return last;
    }
}
