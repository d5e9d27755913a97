package org.linformer.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import org.linformer.attention.AttentionConfig;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.Projection;
import org.linformer.attention.Projection.Initialization;
import org.linformer.attention.Projection.Sharing;
import org.linformer.attention.SoftmaxAttention;
import org.linformer.encoder.Encoder;
import org.linformer.encoder.EncoderConfig;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How long does a whole encoder take? The paper's Table 3: layerwise sharing, random data; here batch 1 on a processor,
 * and full attention through the fused kernel.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@Fork(1)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
public class EncoderBenchmark {

    /** Longer texts through full attention would take many minutes each. */
    static final int LONGEST_FULL = 16384;

    /** Layers x width. */
    @Param({"12x768", "6x384"})
    public String model;

    @Param({"512", "1024", "2048", "4096", "8192", "16384", "32768", "65536"})
    public int n;

    /** CPU time of one run, in milliseconds; 0 where k is more than n / 2. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class CpuMillis {
        public double full;
        public double k128;
        public double k256;
        public double k512;
        public double k1024;
        public double k2048;
        public double bfloat16k256;
    }

    private NDManager manager;
    private NDArray x;
    private int numLayers;
    private int dModel;

    @Setup
    public void setUp() {
        Meter.setAllocator("retained");
        numLayers = Integer.parseInt(model.substring(0, model.indexOf('x')));
        dModel = Integer.parseInt(model.substring(model.indexOf('x') + 1));
        manager = NDManager.newBaseManager();
        manager.getEngine().setRandomSeed(42);
        x = manager.randomNormal(new Shape(1, n, dModel));
        linformer(256, false); // not counted: the process takes its memory and compiles
    }

    static AttentionConfig linformer(int dModel, int n, int k) {
        return new LinformerAttention.Config(
                heads(dModel),
                n,
                k,
                new Projection.Linear(Sharing.LAYERWISE, Initialization.STRIDED, false, false),
                LinformerAttention.Exact.NOWHERE);
    }

    static Heads heads(int dModel) {
        return new Heads(dModel, 12, dModel / 12, true, 0, false);
    }

    static Encoder encoder(NDManager manager, AttentionConfig attention, int numLayers) {
        int dModel = attention.dModel();
        Encoder encoder = new Encoder(new EncoderConfig(
                numLayers,
                4 * dModel,
                EncoderConfig.Activation.GELU,
                false,
                false,
                1e-12f,
                0,
                attention,
                /* apart= */ false));
        encoder.initialize(manager, DataType.FLOAT32, new Shape(1, 1, dModel));
        encoder.freezeParameters(true);
        return encoder;
    }

    @Benchmark
    public void forward(CpuMillis cpu) {
        cpu.full += n <= LONGEST_FULL ? millis(new SoftmaxAttention.Config(heads(dModel), n), false) : 0;
        cpu.k128 += linformer(128, false);
        cpu.k256 += linformer(256, false);
        cpu.k512 += linformer(512, false);
        cpu.k1024 += linformer(1024, false);
        cpu.k2048 += linformer(2048, false);
        cpu.bfloat16k256 += linformer(256, true);
    }

    private double linformer(int k, boolean isBfloat16) {
        return k > n / 2 ? 0 : millis(linformer(dModel, n, k), isBfloat16);
    }

    private double millis(AttentionConfig attention, boolean isBfloat16) {
        try (NDManager scope = manager.newSubManager()) {
            Encoder encoder = encoder(scope, attention, numLayers);
            if (isBfloat16) {
                encoder.toBfloat16();
            }
            return Meter.cpuMillis(
                    Math.max(1, 2048 / n),
                    () -> encoder.forward(new ParameterStore(scope, false), new NDList(x), false)
                            .close());
        }
    }

    @TearDown
    public void tearDown() {
        manager.close();
    }
}
