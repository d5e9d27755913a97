package org.linformer.attention;

import java.util.Map;
import org.junit.jupiter.api.Nested;

class SoftmaxAttentionTest extends AttentionContract {

    @Override
    AttentionConfig config() {
        return new SoftmaxAttention.Config(HEADS, MAX_LENGTH);
    }

    @Override
    double[][] naive(Map<String, double[][]> weights, double[][] x, double[][] context, boolean[] isToken) {
        return softmaxAttention(weights, x, context, isToken, false);
    }

    @Nested
    class Causal extends AttentionContract {
        @Override
        AttentionConfig config() {
            return new SoftmaxAttention.Config(new MultiHeadAttention.Heads(12, 3, 4, true, 0, true), MAX_LENGTH);
        }

        @Override
        double[][] naive(Map<String, double[][]> weights, double[][] x, double[][] context, boolean[] isToken) {
            return softmaxAttention(weights, x, context, isToken, true);
        }
    }

    static double[][] softmaxAttention(
            Map<String, double[][]> weights, double[][] x, double[][] context, boolean[] isToken, boolean causal) {
        double[][] query = projected(weights, x, "query");
        double[][] key = projected(weights, context, "key");
        double[][] value = projected(weights, context, "value");
        double[][] heads = new double[x.length][query[0].length];
        int d = HEADS.headDim();
        for (int h = 0; h < HEADS.numHeads(); h++) {
            double[][] head = Naive.attend(
                    Naive.columns(query, h * d, (h + 1) * d),
                    Naive.columns(key, h * d, (h + 1) * d),
                    Naive.columns(value, h * d, (h + 1) * d),
                    isToken,
                    causal);
            for (int i = 0; i < x.length; i++) {
                System.arraycopy(head[i], 0, heads[i], h * d, d);
            }
        }
        return Naive.linear(heads, weights.get("output.dense.weight"), weights.get("output.dense.bias")[0]);
    }

    static double[][] projected(Map<String, double[][]> weights, double[][] x, String name) {
        return Naive.linear(x, weights.get("self." + name + ".weight"), weights.get("self." + name + ".bias")[0]);
    }
}
