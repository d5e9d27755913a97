package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention;
import org.linformer.attention.Projection;
import org.linformer.encoder.ClassifierHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;

class TrainedTest {

    private static EncoderModel block(NDManager manager, boolean frozen) {
        EncoderConfig encoder = new EncoderConfig(
                /* numLayers= */ 2,
                /* ffDim= */ 16,
                EncoderConfig.Activation.GELU,
                /* normFirst= */ true,
                /* finalNorm= */ true,
                /* normEpsilon= */ 1e-6f,
                /* dropout= */ 0,
                new LinformerAttention.Config(
                        new MultiHeadAttention.Heads(8, 2, 4, true, 0, false),
                        /* maxLength= */ 32,
                        /* k= */ 8,
                        new Projection.Linear(
                                Projection.Sharing.KEY_VALUE, Projection.Initialization.STRIDED, false, frozen),
                        LinformerAttention.Exact.NOWHERE),
                /* apart= */ false);
        EncoderModel block = new EncoderModel(/* vocabSize= */ 20, encoder, List.of(new ClassifierHead.Config(2)));
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 32));
        return block;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void leavesWhatTheConfigurationFroze(boolean frozen) {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            EncoderModel block = block(manager, frozen);
            Trained trained = new Trained(block);
            Weights.of(block).forEach((name, parameter) -> trained.add(name, parameter, 0.1f));

            Set<String> left = new TreeSet<>(Weights.of(block).keySet());
            left.removeAll(trained.weights().keySet());
            assertThat(left)
                    .isEqualTo(
                            frozen
                                    ? Set.of("encoder.layer.0.attention.self.E", "encoder.layer.1.attention.self.E")
                                    : Set.of());
        }
    }

    @Test
    void leavesWhatHasNoRate() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            EncoderModel block = block(manager, false);
            Trained trained = new Trained(block);
            Weights.of(block)
                    .forEach((name, parameter) -> trained.add(name, parameter, Trained.isProjection(name) ? 0 : 0.1f));
            assertThat(trained.weights().keySet()).isNotEmpty().noneMatch(Trained::isProjection);

            Trained nothing = new Trained(block);
            Weights.of(block).forEach((name, parameter) -> nothing.add(name, parameter, 0));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> nothing.optimizer(manager, 0, 1))
                    .withMessage("rates of the recipe must let something learn, but are 0 for all");
        }
    }

    @Test
    void makesTheTrainedModelOfItsUpdates(@TempDir Path folder) throws Exception {
        Path file = folder.resolve(Updates.FILE);
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            EncoderModel block = block(manager, false);
            EncoderModel fresh = block(manager, false);
            Weights.of(block)
                    .forEach((name, parameter) -> parameter
                            .getArray()
                            .copyTo(Weights.of(fresh).get(name).getArray()));
            Trained trained = new Trained(block);
            Weights.of(block).forEach((name, parameter) -> {
                if (name.endsWith(".query.weight")) {
                    trained.addLowRank(name, parameter, 2, 0.1f);
                } else if (name.endsWith(".query.bias")) {
                    trained.add(name, parameter, 0.1f);
                }
            });
            trained.weights()
                    .forEach((name, weight) ->
                            manager.randomNormal(weight.getShape()).copyTo(weight));
            trained.merge();
            trained.save(file);

            Updates.apply(fresh, file);

            Weights.of(block)
                    .forEach((name, parameter) -> assertThat(
                                    Weights.of(fresh).get(name).getArray().toFloatArray())
                            .as(name)
                            .containsExactly(parameter.getArray().toFloatArray(), within(2e-2f)));
        }
    }
}
