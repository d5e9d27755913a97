package org.linformer.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import org.linformer.attention.AttentionBlock;
import org.linformer.attention.AttentionConfig;
import org.linformer.attention.Projection.Sharing;
import org.linformer.attention.SoftmaxAttention;
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

/** How long does a training step of one attention layer take, forward and backward? Batch 1, 768 wide, 12 heads, k 256. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@Fork(1)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
public class TrainingBenchmark {

    private static final int D_MODEL = 768;

    @Param({"512", "1024", "2048", "4096"})
    public int n;

    /** CPU time of one step, in milliseconds. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class CpuMillis {
        public double full;
        public double linformer;
        public double headwise;
    }

    private NDManager manager;
    private NDArray x;
    private AttentionBlock full;
    private AttentionBlock linformer;
    private AttentionBlock headwise;

    @Setup
    public void setUp() {
        Meter.setAllocator("retained");
        manager = NDManager.newBaseManager();
        manager.getEngine().setRandomSeed(42);
        x = manager.randomNormal(new Shape(1, n, D_MODEL));
        full = block(new SoftmaxAttention.Config(AttentionBenchmark.heads(D_MODEL), n));
        linformer = block(AttentionBenchmark.linformer(D_MODEL, n, Sharing.KEY_VALUE));
        headwise = block(AttentionBenchmark.linformer(D_MODEL, n, Sharing.HEADWISE));
        Check.equalsThePapersOrder(linformer, x, AttentionBenchmark.HEADS);
        Check.equalsThePapersOrder(headwise, x, AttentionBenchmark.HEADS);
    }

    private AttentionBlock block(AttentionConfig config) {
        AttentionBlock block = config.newBlock();
        block.initialize(manager, DataType.FLOAT32, x.getShape());
        return block;
    }

    @Benchmark
    public void step(CpuMillis cpu) {
        int runs = Math.max(1, 2048 / n);
        cpu.full += Meter.cpuMillis(runs, () -> step(full));
        cpu.linformer += Meter.cpuMillis(runs, () -> step(linformer));
        cpu.headwise += Meter.cpuMillis(runs, () -> step(headwise));
    }

    private void step(AttentionBlock block) {
        try (NDManager scope = manager.newSubManager();
                GradientCollector gradients = manager.getEngine().newGradientCollector()) {
            NDArray input = x.get(scope, new ai.djl.ndarray.index.NDIndex("..."));
            NDArray y = block.forward(new ParameterStore(scope, false), new NDList(input), true)
                    .singletonOrThrow();
            gradients.backward(y.square().sum());
        }
    }

    @TearDown
    public void tearDown() {
        manager.close();
    }
}
