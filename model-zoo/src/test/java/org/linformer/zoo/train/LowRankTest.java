package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class LowRankTest {

    @Test
    void hasTheGradientsOfItsFactors() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            manager.getEngine().setRandomSeed(42);
            NDArray start = manager.randomNormal(new Shape(3, 4));
            LowRank update = LowRank.of(start.duplicate(), 2);
            update.merge();
            assertThat(update.sum().toFloatArray()).containsExactly(start.toFloatArray());
            manager.randomNormal(new Shape(3, 2)).copyTo(update.b());
            update.merge();
            NDArray a = update.a().duplicate();
            NDArray b = update.b().duplicate();
            a.setRequiresGradient(true);
            b.setRequiresGradient(true);
            NDArray x = manager.randomNormal(new Shape(5, 4));
            NDArray wanted = manager.randomNormal(new Shape(5, 3));

            backward(() -> loss(x, update.sum(), wanted));
            LowRank.Gradients gradients = update.gradients(manager);
            backward(() -> loss(x, b.matMul(a).add(start), wanted));

            assertThat(gradients.a().toFloatArray())
                    .containsExactly(a.getGradient().toFloatArray(), within(1e-3f));
            assertThat(gradients.b().toFloatArray())
                    .containsExactly(b.getGradient().toFloatArray(), within(1e-3f));
            assertThat(update.sum().getGradient().toFloatArray()).containsOnly(0);
        }
    }

    private static void backward(Supplier<NDArray> loss) {
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            collector.backward(loss.get());
        }
    }

    private static NDArray loss(NDArray x, NDArray matrix, NDArray wanted) {
        return x.matMul(matrix.transpose()).sub(wanted).square().sum();
    }
}
