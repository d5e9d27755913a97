package org.linformer.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.linformer.attention.LinformerAttention.Initialization;
import org.linformer.attention.LinformerAttention.Sharing;

class LinformerAttentionTest extends LinformerContract {

    @Override
    Sharing sharing() {
        return Sharing.KEY_VALUE;
    }

    @Nested
    class WithoutSharing extends LinformerContract {
        @Override
        Sharing sharing() {
            return Sharing.NONE;
        }
    }

    @Nested
    class WithHeadwiseSharing extends LinformerContract {
        @Override
        Sharing sharing() {
            return Sharing.HEADWISE;
        }
    }

    @Nested
    class ExactWhenShort extends LinformerContract {
        @Override
        Sharing sharing() {
            return Sharing.HEADWISE;
        }

        @Override
        boolean exactWhenShort() {
            return true;
        }
    }

    @Nested
    class ExactWhenShortWithoutSharing extends LinformerContract {
        @Override
        Sharing sharing() {
            return Sharing.NONE;
        }

        @Override
        boolean exactWhenShort() {
            return true;
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"NONE, 288", "HEADWISE, 24", "KEY_VALUE, 12", "LAYERWISE, 1"})
    void hasAsManyProjectionsAsThePaperCounts(Sharing sharing, int expected) {
        MultiHeadAttention.Heads heads = new MultiHeadAttention.Heads(24, 12, 2, false, 0);
        AttentionConfig config = new LinformerAttention.Config(heads, 8, 4, sharing, Initialization.GAUSSIAN, false);

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
                new LinformerAttention.Config(HEADS, MAX_LENGTH, K, Sharing.LAYERWISE, Initialization.GAUSSIAN, false);
        List<AttentionBlock> blocks = new ArrayList<>(config.newBlocks(2));
        blocks.forEach(block -> block.initialize(manager, DataType.FLOAT64, new Shape(1, 16, 12)));
        NDArray x = random(DataType.FLOAT64, BATCH, 13);
        var weights = weights(blocks.get(1));
        weights.put("self.E", weights(blocks.get(0)).get("self.E"));

        NDArray y = forward(blocks.get(1), x);

        double[][][] expected = rows(x);
        for (int row = 0; row < BATCH; row++) {
            boolean[] isToken = new boolean[13];
            java.util.Arrays.fill(isToken, true);
            expected[row] = naive(weights, expected[row], isToken);
        }
        assertClose("y", y, expected, 1e-12);
    }

    @Test
    void equalsFullAttentionWhereEAndFAreTheIdentity() {
        AttentionConfig linformer = new LinformerAttention.Config(
                HEADS, MAX_LENGTH, MAX_LENGTH, Sharing.KEY_VALUE, Initialization.STRIDED, false);
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

    @Test
    void startsEachSlotAtOnePositionWhereItIsStrided() {
        AttentionConfig config =
                new LinformerAttention.Config(HEADS, 16, 5, Sharing.KEY_VALUE, Initialization.STRIDED, false);
        AttentionBlock block = config.newBlock();
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 16, 12));

        NDArray e = block.getDirectParameters().get("self.E").getArray();

        assertThat(e.argMax(1).toLongArray()).containsExactly(0, 3, 6, 9, 12);
        assertThat(e.sum().getFloat()).isEqualTo(5);
    }

    @Test
    void refusesMoreSlotsThanPositions() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new LinformerAttention.Config(HEADS, 12, 13, Sharing.KEY_VALUE, Initialization.GAUSSIAN, false))
                .withMessage("k must be in [1, maxLength=12], but is 13");
    }
}
