package org.linformer.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.linformer.attention.LinformerAttention.Exact;
import org.linformer.attention.Projection.Convolution;
import org.linformer.attention.Projection.Initialization;
import org.linformer.attention.Projection.Linear;
import org.linformer.attention.Projection.Pooling;
import org.linformer.attention.Projection.Sharing;

class LinformerAttentionTest extends LinformerContract {

    private static Linear linear(Sharing sharing) {
        return new Linear(sharing, Initialization.GAUSSIAN, /* bias= */ false, /* frozen= */ false);
    }

    @Override
    Projection projection() {
        return linear(Sharing.KEY_VALUE);
    }

    @Nested
    class WithoutSharing extends LinformerContract {
        @Override
        Projection projection() {
            return linear(Sharing.NONE);
        }
    }

    @Nested
    class WithHeadwiseSharing extends LinformerContract {
        @Override
        Projection projection() {
            return linear(Sharing.HEADWISE);
        }
    }

    @Nested
    class WithABias extends LinformerContract {
        @Override
        Projection projection() {
            return new Linear(Sharing.HEADWISE, Initialization.UNIFORM, true, false);
        }

        @Override
        Exact exact() {
            return Exact.SHORT_TEXTS;
        }
    }

    @Nested
    class WithABiasAndWithoutSharing extends LinformerContract {
        @Override
        Projection projection() {
            return new Linear(Sharing.NONE, Initialization.UNIFORM, true, false);
        }
    }

    @Nested
    class ExactWhenShort extends LinformerContract {
        @Override
        Projection projection() {
            return linear(Sharing.HEADWISE);
        }

        @Override
        Exact exact() {
            return Exact.SHORT_TEXTS;
        }
    }

    @Nested
    class ExactWhenShortWithoutSharing extends LinformerContract {
        @Override
        Projection projection() {
            return linear(Sharing.NONE);
        }

        @Override
        Exact exact() {
            return Exact.SHORT_TEXTS;
        }
    }

    @Nested
    class ExactAmongTheFirstPositions extends LinformerContract {
        @Override
        Projection projection() {
            return linear(Sharing.KEY_VALUE);
        }

        @Override
        Exact exact() {
            return Exact.FIRST_POSITIONS;
        }
    }

    @Nested
    class WithMeanPooling extends LinformerContract {
        @Override
        Projection projection() {
            return new Pooling(Pooling.Reduction.MEAN);
        }
    }

    @Nested
    class WithMaxPooling extends LinformerContract {
        @Override
        Projection projection() {
            return new Pooling(Pooling.Reduction.MAX);
        }

        @Override
        int k() {
            return 6;
        }

        @Override
        Exact exact() {
            return Exact.SHORT_TEXTS;
        }
    }

    @Nested
    class WithConvolution extends LinformerContract {
        @Override
        Projection projection() {
            return new Convolution(Sharing.KEY_VALUE, /* depthwise= */ false, /* bias= */ true);
        }

        @Override
        int k() {
            return 6;
        }
    }

    @Nested
    class WithConvolutionAndWithoutSharing extends LinformerContract {
        @Override
        Projection projection() {
            return new Convolution(Sharing.NONE, /* depthwise= */ false, /* bias= */ true);
        }

        @Override
        Exact exact() {
            return Exact.SHORT_TEXTS;
        }
    }

    @Nested
    class WithDepthwiseConvolution extends LinformerContract {
        @Override
        Projection projection() {
            return new Convolution(Sharing.HEADWISE, /* depthwise= */ true, /* bias= */ true);
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"NONE, 288", "HEADWISE, 24", "KEY_VALUE, 12", "LAYERWISE, 1"})
    void hasAsManyProjectionsAsThePaperCounts(Sharing sharing, int expected) {
        MultiHeadAttention.Heads heads = new MultiHeadAttention.Heads(24, 12, 2, false, 0, false);
        AttentionConfig config = new LinformerAttention.Config(heads, 8, 4, linear(sharing), Exact.NOWHERE);

        long matrices = 0;
        for (AttentionBlock block : config.newBlocks(12)) {
            for (Parameter parameter : block.getDirectParameters().values()) {
                if (parameter.getName().equals("self.E") || parameter.getName().equals("self.F")) {
                    matrices += parameter.getShape().size() / (4 * 8);
                }
            }
        }

        assertThat(matrices).isEqualTo(expected);
    }

    @Test
    void attendsInEachLayerWithTheOneProjectionOfLayerwiseSharing() {
        AttentionConfig config =
                new LinformerAttention.Config(HEADS, MAX_LENGTH, k(), linear(Sharing.LAYERWISE), Exact.NOWHERE);
        List<AttentionBlock> blocks = config.newBlocks(2);
        blocks.forEach(block -> block.initialize(manager, DataType.FLOAT64, new Shape(1, 16, 12)));
        NDArray x = random(DataType.FLOAT64, BATCH, 13);
        var weights = weights(blocks.get(1));
        weights.put("self.E", weights(blocks.get(0)).get("self.E"));

        NDArray y = forward(blocks.get(1), x);

        double[][][] expected = rows(x);
        for (int row = 0; row < BATCH; row++) {
            boolean[] isToken = new boolean[13];
            Arrays.fill(isToken, true);
            expected[row] = naive(weights, expected[row], expected[row], isToken);
        }
        assertClose("y", y, expected, 1e-12);
    }

    @Test
    void equalsFullAttentionWhereEAndFAreTheIdentity() {
        AttentionConfig linformer = new LinformerAttention.Config(
                HEADS,
                MAX_LENGTH,
                MAX_LENGTH,
                new Linear(Sharing.KEY_VALUE, Initialization.STRIDED, false, false),
                Exact.NOWHERE);
        AttentionBlock block = linformer.newBlock();
        AttentionBlock full = new SoftmaxAttention.Config(HEADS, MAX_LENGTH).newBlock();
        block.initialize(manager, DataType.FLOAT64, new Shape(1, 16, 12));
        full.initialize(manager, DataType.FLOAT64, new Shape(1, 16, 12));
        for (Parameter parameter : full.getDirectParameters().values()) {
            parameter.close();
            parameter.setShape(null);
            parameter.setArray(
                    block.getDirectParameters().get(parameter.getName()).getArray());
        }
        NDArray x = random(DataType.FLOAT64, BATCH, MAX_LENGTH);

        assertClose("y", forward(block, x), rows(forward(full, x)), 1e-11);
    }

    /** What a slot would hold, were the text long, is large here: of a sum with it float16 would keep nothing small. */
    @Test
    void keepsTheDigitsOfAShortTextBesideALongOneInFloat16() {
        AttentionBlock block = new LinformerAttention.Config(
                        HEADS, MAX_LENGTH, 5, linear(Sharing.KEY_VALUE), Exact.SHORT_TEXTS)
                .newBlock();
        block.initialize(manager, DataType.FLOAT16, new Shape(2, 13, 12));
        block.getDirectParameters().get("self.E").getArray().muli(1000);
        NDArray x = random(DataType.FLOAT16, 2, 13);

        NDArray together = forward(block, x, mask(13, 4, 13));
        NDArray alone = forward(block, x.get(":1, :4"));

        assertClose("y", together.get(":1, :4"), rows(alone), 1e-2);
    }

    @Test
    void startsEachSlotAtOnePositionWhereItIsStrided() {
        AttentionConfig config = new LinformerAttention.Config(
                HEADS, 16, 5, new Linear(Sharing.KEY_VALUE, Initialization.STRIDED, false, false), Exact.NOWHERE);
        AttentionBlock block = config.newBlock();
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 16, 12));

        NDArray e = block.getDirectParameters().get("self.E").getArray();

        assertThat(e.argMax(1).toLongArray()).containsExactly(0, 3, 6, 9, 12);
        assertThat(e.sum().getFloat()).isEqualTo(5);
    }

    @Test
    void refusesMoreSlotsThanPositions() {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new LinformerAttention.Config(HEADS, 12, 13, linear(Sharing.KEY_VALUE), Exact.NOWHERE))
                .withMessage("k must be in [1, maxLength=12], but is 13");
    }

    @Test
    void trainsTheOneProjectionOfLayerwiseSharingWithTheSumOverTheLayers() {
        AttentionConfig config =
                new LinformerAttention.Config(HEADS, MAX_LENGTH, k(), linear(Sharing.LAYERWISE), Exact.NOWHERE);
        List<AttentionBlock> blocks = config.newBlocks(2);
        blocks.forEach(block -> block.initialize(manager, DataType.FLOAT64, new Shape(1, 16, 12)));
        NDArray x = random(DataType.FLOAT64, BATCH, 13);
        NDArray e = blocks.get(0).getDirectParameters().get("self.E").getArray();

        double[][] gradients = new double[3][];
        for (int layer = 0; layer < 2; layer++) {
            gradients[layer] = gradient(e, x, List.of(blocks.get(layer)));
        }
        gradients[2] = gradient(e, x, blocks);

        for (int i = 0; i < gradients[2].length; i++) {
            assertThat(gradients[2][i]).isCloseTo(gradients[0][i] + gradients[1][i], within(1e-12));
        }
    }

    private double[] gradient(NDArray e, NDArray x, List<AttentionBlock> blocks) {
        try (GradientCollector gradients = manager.getEngine().newGradientCollector()) {
            gradients.zeroGradients();
            NDArray sum = manager.zeros(new Shape(), DataType.FLOAT64);
            for (AttentionBlock block : blocks) {
                sum = sum.add(block.forward(store(), new NDList(x), true)
                        .singletonOrThrow()
                        .square()
                        .sum());
            }
            gradients.backward(sum);
            return e.getGradient().toDoubleArray();
        }
    }

    @Test
    void givesEachLayerItsOwnK() {
        AttentionConfig config = new LinformerAttention.Config(
                HEADS, MAX_LENGTH, List.of(8, 4, 2), linear(Sharing.KEY_VALUE), Exact.NOWHERE);

        List<AttentionBlock> blocks = config.newBlocks(3);

        assertThat(blocks)
                .extracting(block -> block.getDirectParameters().get("self.E").getShape())
                .containsExactly(new Shape(8, 16), new Shape(4, 16), new Shape(2, 16));
    }

    @Test
    void poolsEachLayerIntoItsOwnK() {
        assertThat(keys(List.of(8, 4), new Pooling(Pooling.Reduction.MEAN), Exact.NOWHERE, MAX_LENGTH))
                .containsExactly(8L, 4L);
    }

    @Test
    void isExactUpToTheKOfEachLayer() {
        assertThat(keys(List.of(8, 4, 2), linear(Sharing.KEY_VALUE), Exact.SHORT_TEXTS, 6))
                .containsExactly(6L, 4L, 2L);
    }

    /** How many keys, slots or positions, the n queries of each layer attend to. */
    private List<Long> keys(List<Integer> k, Projection projection, Exact exact, int n) {
        NDArray x = random(DataType.FLOAT64, BATCH, n);
        return new LinformerAttention.Config(HEADS, MAX_LENGTH, k, projection, exact)
                .newBlocks(k.size()).stream()
                        .map(block -> {
                            block.initialize(manager, DataType.FLOAT64, new Shape(1, 16, 12));
                            return ((MultiHeadAttention) block)
                                    .attentionMap(store(), new NDList(x))
                                    .getShape()
                                    .get(3);
                        })
                        .toList();
    }

    @Test
    void refusesAnotherNumberOfKThanOfLayers() {
        AttentionConfig config = new LinformerAttention.Config(
                HEADS, MAX_LENGTH, List.of(8, 4), linear(Sharing.KEY_VALUE), Exact.NOWHERE);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> config.newBlocks(3))
                .withMessage("k must be one number or one for each of numLayers=3, but is [8, 4]");
    }

    @Test
    void refusesSeveralKWhereAllLayersShareOneMatrix() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LinformerAttention.Config(
                        HEADS, MAX_LENGTH, List.of(8, 4), linear(Sharing.LAYERWISE), Exact.NOWHERE))
                .withMessage("k must be one number where all layers share one projection, but is [8, 4]");
    }

    @Test
    void refusesToBeCausal() {
        MultiHeadAttention.Heads causal = new MultiHeadAttention.Heads(12, 3, 4, true, 0, true);

        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new LinformerAttention.Config(causal, MAX_LENGTH, 5, linear(Sharing.KEY_VALUE), Exact.NOWHERE))
                .withMessage("causal must be false for LinformerAttention, as each slot mixes all positions, later ones"
                        + " too, but is true");
    }

    @Test
    void startsEachSlotAsTheMeanOfItsBand() {
        AttentionBlock block = new LinformerAttention.Config(
                        HEADS, 16, 5, new Linear(Sharing.KEY_VALUE, Initialization.BAND, false, true), Exact.NOWHERE)
                .newBlock();
        block.initialize(manager, DataType.FLOAT64, new Shape(1, 16, 12));

        Parameter e = block.getDirectParameters().get("self.E");

        assertThat(e.getArray().sum(new int[] {1}).toDoubleArray())
                .containsExactly(new double[] {1, 1, 1, 1, 1}, within(1e-6));
        // windows [0, 4), [3, 7), [6, 10), [9, 13), [12, 16)
        assertThat(e.getArray().gt(0).sum(new int[] {0}).toLongArray())
                .containsExactly(1, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1);
        assertThat(e.requiresGradient()).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"GAUSSIAN", "UNIFORM"})
    void startsWithTheVarianceThatItNames(Initialization initialization) {
        AttentionBlock block = new LinformerAttention.Config(
                        HEADS, 4096, 64, new Linear(Sharing.KEY_VALUE, initialization, false, false), Exact.NOWHERE)
                .newBlock();
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 16, 12));

        NDArray e = block.getDirectParameters().get("self.E").getArray();

        double variance = initialization == Initialization.GAUSSIAN ? 1 / 64.0 : 1 / (3 * 64.0);
        assertThat(e.square().mean().getFloat()).isCloseTo((float) variance, within((float) variance / 50));
    }

    @Test
    void showsAnAttentionMapWhoseRowsSumToOne() {
        MultiHeadAttention block = (MultiHeadAttention) block(DataType.FLOAT64);
        NDArray x = random(DataType.FLOAT64, BATCH, 13);

        NDArray map = block.attentionMap(store(), new NDList(x, mask(13, 4, 11, 13)));

        assertThat(map.getShape()).isEqualTo(new Shape(BATCH, 3, 13, 5));
        assertThat(map.sum(new int[] {3}).sub(1).abs().max().getDouble()).isLessThan(1e-12);
    }
}
