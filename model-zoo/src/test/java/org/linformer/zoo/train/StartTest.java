package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.linformer.attention.MultiHeadAttention;
import org.linformer.attention.SoftmaxAttention;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.MaskedTokenHead;
import org.linformer.encoder.Weights;

class StartTest {

    private static final int LENGTH = 64;

    private static MaskedTokenRecipe recipe(int dModel) {
        MultiHeadAttention.Heads heads = new MultiHeadAttention.Heads(
                dModel,
                /* numHeads= */ 2,
                /* headDim= */ 8,
                /* projectionBias= */ true,
                /* dropout= */ 0,
                /* causal= */ false);
        EncoderConfig encoder = new EncoderConfig(
                /* numLayers= */ 2,
                /* ffDim= */ 32,
                EncoderConfig.Activation.GELU,
                /* normFirst= */ true,
                /* finalNorm= */ true,
                /* normEpsilon= */ 1e-6f,
                /* dropout= */ 0,
                new SoftmaxAttention.Config(heads, LENGTH),
                /* apart= */ false);
        return new MaskedTokenRecipe(
                "nothing",
                "1.0",
                "nothing",
                "nothing",
                "everything",
                /* vocabSize= */ 1_100,
                encoder,
                List.of(new MaskedTokenHead.Config()),
                /* seed= */ 7,
                /* steps= */ 1,
                /* checks= */ 1,
                /* batchSize= */ 1,
                /* maxBatchTokens= */ LENGTH,
                /* validationWindows= */ 1,
                /* masked= */ 0.15f,
                /* learningRate= */ 1e-3f,
                /* projectionRate= */ 1e-3f,
                new Schedule(/* warmup= */ 0, Schedule.Decay.LINEAR, /* patience= */ 0),
                /* weightDecay= */ 0,
                /* maxGradientNorm= */ 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 16})
    void likensNearPositionsMoreThanFarOnes(int dModel) throws Exception {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            NDArray positions = Objects.requireNonNull(Weights.of(new Start(recipe(dModel), null).block(manager))
                            .get("embeddings.position_embeddings.weight"))
                    .getArray();
            float[] likeness =
                    positions.matMul(positions.get(new NDIndex("10"))).toFloatArray(); // with position 10
            assertThat(likeness[10]).isGreaterThan(likeness[11]);
            assertThat(likeness[11]).isGreaterThan(likeness[12]);
            assertThat(likeness[12]).isGreaterThan(likeness[20]);
            assertThat(positions.square().mean().getFloat()).isBetween(3.5e-4f, 4.5e-4f);
        }
    }

    @Test
    void givesEachFrequencyASineAndACosine() throws Exception {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            NDArray squares = Objects.requireNonNull(Weights.of(new Start(recipe(16), null).block(manager))
                            .get("embeddings.position_embeddings.weight"))
                    .getArray()
                    .square();

            NDArray sums = squares.get(new NDIndex(":, :8")).add(squares.get(new NDIndex(":, 8:")));

            assertThat(sums.sub(2 * 0.02 * 0.02).abs().max().getFloat()).isLessThan(1e-8f);
        }
    }

    @Test
    void letsKeysBeginAsTheQueries() throws Exception {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            EncoderModel block = new Start(recipe(16), null).block(manager);
            Map<String, float[]> weights = Weights.of(block).entrySet().stream()
                    .filter(entry -> entry.getKey().endsWith("self.query.weight")
                            || entry.getKey().endsWith("self.key.weight"))
                    .collect(Collectors.toMap(
                            Map.Entry::getKey,
                            entry -> entry.getValue().getArray().toFloatArray()));
            assertThat(weights).hasSize(4);
            for (int layer = 0; layer < 2; layer++) {
                String name = "encoder.layer.%d.attention.self.".formatted(layer);
                assertThat(weights.get(name + "key.weight")).containsExactly(weights.get(name + "query.weight"));
            }
            assertThat(weights.get("encoder.layer.0.attention.self.query.weight"))
                    .isNotEqualTo(weights.get("encoder.layer.1.attention.self.query.weight"));
        }
    }
}
