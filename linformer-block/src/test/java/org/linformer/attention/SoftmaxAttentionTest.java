package org.linformer.attention;

import java.util.Map;

class SoftmaxAttentionTest extends AttentionContract {

    @Override
    AttentionConfig config() {
        return new SoftmaxAttention.Config(HEADS, MAX_LENGTH);
    }

    @Override
    double[][] naive(Map<String, double[][]> weights, double[][] x, boolean[] isToken) {
        return softmaxAttention(weights, x, isToken);
    }

    static double[][] softmaxAttention(Map<String, double[][]> weights, double[][] x, boolean[] isToken) {
        double[][] query = projected(weights, x, "query");
        double[][] key = projected(weights, x, "key");
        double[][] value = projected(weights, x, "value");
        double[][] heads = new double[x.length][query[0].length];
        int d = HEADS.headDim();
        for (int h = 0; h < HEADS.numHeads(); h++) {
            double[][] head = Naive.attend(
                    Naive.columns(query, h * d, (h + 1) * d),
                    Naive.columns(key, h * d, (h + 1) * d),
                    Naive.columns(value, h * d, (h + 1) * d),
                    isToken);
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
