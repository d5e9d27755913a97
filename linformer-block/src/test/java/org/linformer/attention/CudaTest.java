package org.linformer.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.linformer.attention.Projection.Convolution;
import org.linformer.attention.Projection.Initialization;
import org.linformer.attention.Projection.Linear;
import org.linformer.attention.Projection.Pooling;
import org.linformer.attention.Projection.Sharing;

/** On a GPU as on the processor: outputs, gradients, half precision, and no array on another device. */
@Tag("cuda")
class CudaTest {

    private static final int N = 61;

    @BeforeEach
    void requireGpu() {
        assumeTrue(Engine.getInstance().getGpuCount() > 0, "left out: no GPU");
    }

    static AttentionConfig[] configs() {
        MultiHeadAttention.Heads heads = new MultiHeadAttention.Heads(32, 4, 8, true, 0, false);
        MultiHeadAttention.Heads causal = new MultiHeadAttention.Heads(32, 4, 8, true, 0, true);
        return new AttentionConfig[] {
            new SoftmaxAttention.Config(heads, 64),
            new SoftmaxAttention.Config(causal, 64),
            linformer(heads, new Linear(Sharing.KEY_VALUE, Initialization.GAUSSIAN, true, false)),
            linformer(heads, new Linear(Sharing.NONE, Initialization.STRIDED, false, false)),
            linformer(heads, new Pooling(Pooling.Reduction.MAX)),
            linformer(heads, new Convolution(Sharing.HEADWISE, false, true)),
        };
    }

    private static AttentionConfig linformer(MultiHeadAttention.Heads heads, Projection projection) {
        return new LinformerAttention.Config(heads, 64, 12, projection, LinformerAttention.Exact.FIRST_POSITIONS);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void computesWhatTheProcessorComputes(AttentionConfig config) {
        Map<String, float[]> cpu = run(config, Device.cpu());

        Map<String, float[]> gpu = run(config, Device.gpu());

        cpu.forEach((name, expected) -> assertThat(expected).as(name).isNotEqualTo(new float[expected.length]));
        cpu.forEach((name, expected) -> assertThat(error(gpu.get(name), expected))
                .as(name)
                .isLessThan(name.equals("bfloat16") ? 3e-2 : 1e-3)); // TF32 may be on
    }

    private static Map<String, float[]> run(AttentionConfig config, Device device) {
        Map<String, float[]> results = new TreeMap<>();
        try (NDManager host = NDManager.newBaseManager(Device.cpu());
                NDManager manager = NDManager.newBaseManager(device)) {
            host.getEngine().setRandomSeed(42);
            AttentionBlock block = config.newBlock();
            block.initialize(host, DataType.FLOAT32, new Shape(1, N, 32));
            for (Parameter parameter : block.getDirectParameters().values()) {
                NDArray array = parameter.getArray().toDevice(device, true);
                array.attach(manager);
                parameter.close();
                parameter.setShape(null);
                parameter.setArray(array);
                array.setRequiresGradient(true);
            }
            NDArray x = host.randomNormal(new Shape(2, N, 32)).toDevice(device, true);
            x.attach(manager);
            NDArray mask = manager.ones(new Shape(2, N));
            mask.set(new ai.djl.ndarray.index.NDIndex("0, 7:"), 0);
            ParameterStore store = new ParameterStore(manager, false);

            NDArray y = block.forward(store, new NDList(x, mask), false).singletonOrThrow();
            assertThat(y.getDevice()).isEqualTo(device);
            results.put("y of the short text", y.get("0, :7").toFloatArray());
            results.put("y", y.get("1").toFloatArray());
            try (GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                NDArray answer = block.forward(store, new NDList(x, mask), true).singletonOrThrow();
                gradients.backward(answer.get("1").square().sum()); // the whole text, so that E and F take part
            }
            block.getDirectParameters()
                    .values()
                    .forEach(parameter -> results.put(
                            "gradient of " + parameter.getName(),
                            parameter.getArray().getGradient().toFloatArray()));
            block.toBfloat16();
            NDArray half = block.forward(store, new NDList(x, mask), false).singletonOrThrow();
            results.put("bfloat16", half.get("1").toFloatArray());
        }
        return results;
    }

    /** Root mean square of the error over that of the expected. */
    private static double error(float[] actual, float[] expected) {
        double error = 0;
        double size = 1e-12;
        for (int i = 0; i < expected.length; i++) {
            error += Math.pow(actual[i] - expected[i], 2);
            size += Math.pow(expected[i], 2);
        }
        return Math.sqrt(error / size);
    }
}
