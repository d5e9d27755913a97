package org.linformer.encoder;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.Projection.Initialization;
import org.linformer.attention.Projection.Linear;
import org.linformer.attention.Projection.Sharing;

/** Long runs are flat in memory: a leaked array of these texts is 64 KiB. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "left out: only Linux tells the resident memory in /proc")
class MemoryTest {

    private static final int MEBIBYTE = 1 << 20;

    private static EncoderModel model(NDManager manager) {
        EncoderConfig config = new EncoderConfig(
                2,
                256,
                EncoderConfig.Activation.GELU,
                true,
                true,
                1e-6f,
                0.1f,
                new LinformerAttention.Config(
                        new Heads(64, 4, 16, true, 0.1f, false),
                        256,
                        32,
                        new Linear(Sharing.LAYERWISE, Initialization.GAUSSIAN, true, false),
                        LinformerAttention.Exact.SHORT_TEXTS),
                /* apart= */ false);
        EncoderModel model = new EncoderModel(100, config, List.of(new EmbeddingHead.Config(8)));
        model.initialize(manager, DataType.FLOAT32, new Shape(1, 256));
        return model;
    }

    @Test
    void forwardPassesAreFlat() throws IOException {
        try (NDManager manager = NDManager.newBaseManager()) {
            EncoderModel model = model(manager);
            ParameterStore store = new ParameterStore(manager, false);
            int owned = manager.getManagedArrays().size();
            long growth = growth(500, 500, () -> {
                try (NDManager scope = manager.newSubManager()) {
                    NDArray ids = scope.zeros(new Shape(1, 250), DataType.INT64);
                    NDArray mask = scope.ones(new Shape(1, 250));
                    model.forward(store, new NDList(ids, mask), false).head().toFloatArray();
                }
            });

            assertThat(growth).isLessThan(10 * MEBIBYTE);
            assertThat(manager.getManagedArrays()).hasSize(owned);
        }
    }

    @Test
    void trainingStepsAreFlat() throws IOException {
        try (NDManager manager = NDManager.newBaseManager()) {
            EncoderModel model = model(manager);
            ParameterStore store = new ParameterStore(manager, false);
            int owned = manager.getManagedArrays().size();
            long growth = growth(100, 100, () -> {
                try (NDManager scope = manager.newSubManager();
                        GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                    NDArray ids = scope.zeros(new Shape(2, 250), DataType.INT64);
                    NDArray mask = scope.ones(new Shape(2, 250));
                    NDArray y =
                            model.forward(store, new NDList(ids, mask), true).head();
                    gradients.backward(y.square().sum());
                }
            });

            assertThat(growth).isLessThan(15 * MEBIBYTE);
            assertThat(manager.getManagedArrays()).hasSize(owned);
        }
    }

    /**
     * The smaller growth of the resident memory in two goes of so many runs after the first ones, in bytes: a leak
     * shows in both, and a step of the heap or of the allocator in one.
     */
    private static long growth(int first, int runs, Runnable run) throws IOException {
        repeat(first, run);
        return Math.min(growth(runs, run), growth(runs, run));
    }

    private static long growth(int runs, Runnable run) throws IOException {
        long before = resident();
        repeat(runs, run);
        long growth = resident() - before;
        System.out.printf("resident memory: %+.1f MiB over %d runs%n", growth / (double) MEBIBYTE, runs);
        return growth;
    }

    private static void repeat(int runs, Runnable run) {
        for (int i = 0; i < runs; i++) {
            run.run();
        }
    }

    private static long resident() throws IOException {
        for (int i = 0; i < 3; i++) {
            System.gc(); // DJL frees a few handles with their Java objects, and the heap of earlier tests goes back
        }
        String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
        return Long.parseLong(pages[1]) * 4096;
    }
}
