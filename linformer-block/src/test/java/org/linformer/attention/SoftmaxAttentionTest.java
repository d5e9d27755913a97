package org.linformer.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    @Test
    void dropsShareOfTheMapInTrainingOnly() {
        MultiHeadAttention.Heads heads = new MultiHeadAttention.Heads(12, 3, 4, true, /* dropout= */ 0.5f, false);
        AttentionBlock block = new SoftmaxAttention.Config(heads, MAX_LENGTH).newBlock();
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 13, 12));
        NDArray x = random(DataType.FLOAT32, 1, 13);

        NDArray first = block.forward(store(), new NDList(x), true).singletonOrThrow();
        NDArray second = block.forward(store(), new NDList(x), true).singletonOrThrow();

        assertThat(first.sub(second).abs().max().getFloat()).isGreaterThan(1e-3f);
        assertClose("y", forward(block, x), rows(forward(block, x)), 1e-6);
    }

    @ParameterizedTest(name = "{4}")
    @CsvSource({
        "0, 3, 4, 0, 'dModel must be positive, but is 0'",
        "12, -1, 4, 0, 'numHeads must be positive, but is -1'",
        "12, 3, 0, 0, 'headDim must be positive, but is 0'",
        "12, 3, 4, 1, 'dropout must be in [0, 1), but is 1.0'",
    })
    void refusesHeadsThatAreNone(int dModel, int numHeads, int headDim, float dropout, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MultiHeadAttention.Heads(dModel, numHeads, headDim, true, dropout, false))
                .withMessage(message);
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
