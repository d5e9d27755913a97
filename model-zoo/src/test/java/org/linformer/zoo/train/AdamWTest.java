package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.encoder.Weights;
import org.linformer.zoo.ModelConfig;

class AdamWTest {

    /** Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2, one number at a time. */
    private static final class ByHand {

        private double weight;
        private double mean;
        private double variance;

        ByHand(double weight) {
            this.weight = weight;
        }

        double step(int step, double gradient, double rate, double decay) {
            mean = 0.9 * mean + 0.1 * gradient;
            variance = 0.999 * variance + 0.001 * gradient * gradient;
            double unbiasedMean = mean / (1 - Math.pow(0.9, step));
            double unbiasedVariance = variance / (1 - Math.pow(0.999, step));
            weight -= rate * (unbiasedMean / Math.sqrt(unbiasedVariance) + decay * weight);
            return weight;
        }
    }

    @Test
    void stepsAsThePaperHasItWithTheGradientCutToItsLongest() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            NDArray matrix = manager.create(new float[] {1, -2}, new Shape(1, 2));
            NDArray vector = manager.create(new float[] {3});
            Map<String, NDArray> weights = Map.of("matrix", matrix, "vector", vector);
            ByHand first = new ByHand(1);
            ByHand second = new ByHand(-2);
            ByHand third = new ByHand(3);
            float[][] gradients = {{3, 4, 12}, {0.3f, -0.4f, 0.1f}, {-2, 1, 2}}; // of length 13, below 1, and 3
            try (AdamW optimizer = new AdamW(
                    manager,
                    weights,
                    Map.of("matrix", 0.1f, "vector", 0.01f),
                    /* weightDecay= */ 0.2f,
                    /* maxGradientNorm= */ 1)) {
                for (int step = 1; step <= gradients.length; step++) {
                    float[] gradient = gradients[step - 1];
                    double length = Math.max(
                            1,
                            Math.sqrt(
                                    gradient[0] * gradient[0] + gradient[1] * gradient[1] + gradient[2] * gradient[2]));
                    float share = 1f / step;
                    optimizer.step(
                            step,
                            share,
                            Map.of(
                                    "matrix",
                                    manager.create(new float[] {gradient[0], gradient[1]}, new Shape(1, 2)),
                                    "vector",
                                    manager.create(new float[] {gradient[2]})));

                    assertThat((double) matrix.toFloatArray()[0])
                            .isCloseTo(first.step(step, gradient[0] / length, 0.1 * share, 0.2), within(1e-4));
                    assertThat((double) matrix.toFloatArray()[1])
                            .isCloseTo(second.step(step, gradient[1] / length, 0.1 * share, 0.2), within(1e-4));
                    assertThat((double) vector.toFloatArray()[0])
                            .as("a vector does not decay")
                            .isCloseTo(third.step(step, gradient[2] / length, 0.01 * share, 0), within(1e-4));
                }
            }
        }
    }

    @Test
    void stepsAfterAStopAsIfItHadGoneOn(@TempDir Path folder) throws Exception {
        Path checkpoint = folder.resolve("checkpoint");
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Map<String, NDArray> weights = Map.of("matrix", manager.ones(new Shape(1, 2)));
            Map<String, NDArray> weightsAgain = Map.of("matrix", manager.ones(new Shape(1, 2)));
            Map<String, NDArray> gradients = Map.of("matrix", manager.create(new float[] {2, -1}, new Shape(1, 2)));
            Map<String, NDArray> others = Map.of("matrix", manager.create(new float[] {-1, 3}, new Shape(1, 2)));
            try (AdamW optimizer = new AdamW(manager, weights, Map.of("matrix", 0.1f), 0.2f, 100);
                    AdamW again = new AdamW(manager, weightsAgain, Map.of("matrix", 0.1f), 0.2f, 100)) {
                optimizer.step(1, 1, gradients);
                Checkpoint.read(checkpoint, "any").save(checkpoint, weights, optimizer);
                Checkpoint.restore(checkpoint, weightsAgain, again);
                optimizer.step(2, 1, others);
                again.step(2, 1, others);
            }

            assertThat(weightsAgain.get("matrix").toFloatArray())
                    .containsExactly(weights.get("matrix").toFloatArray());
        }
    }

    @Test
    void namesTheFileOfAnotherState(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("optimizer.safetensors");
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Map<String, NDArray> weights = Map.of("vector", manager.ones(new Shape(2)));
            AdamW optimizer = new AdamW(manager, weights, Map.of("vector", 0.1f), 0.2f, 100);
            Weights.save(weights, folder.resolve(ModelConfig.WEIGHTS), DataType.FLOAT32);
            Weights.save(Map.of("mean.vector", manager.ones(new Shape(2))), file, DataType.FLOAT32);
            assertThatIOException()
                    .isThrownBy(() -> Checkpoint.restore(folder, weights, optimizer))
                    .withMessage(file + " must have the arrays [mean.vector, variance.vector], but has [mean.vector]");
            Files.writeString(file, "half");
            assertThatIOException()
                    .isThrownBy(() -> Checkpoint.restore(folder, weights, optimizer))
                    .withMessageStartingWith(file.toString());
        }
    }
}
