package org.linformer.bench;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.nio.file.Path;
import org.linformer.attention.AttentionBlock;
import org.linformer.attention.AttentionConfig;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.Projection;
import org.linformer.attention.Projection.Initialization;
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

/**
 * How long does one attention layer take? Batch 1, 12 heads, k 256; each iteration runs all of them, one after the
 * other.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@Fork(1)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
public class AttentionBenchmark {

    static final int HEADS = 12;
    static final int K = 256;

    @Param({"768", "384"})
    public int dModel;

    @Param({"512", "1024", "2048", "4096", "8192", "16384"})
    public int n;

    @Param({"retained", "default"})
    public String allocator;

    /** CPU time of one run, in milliseconds. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class CpuMillis {
        /** Full attention through the fused kernel of PyTorch: the peer where there is one, our SoftmaxAttention where not. */
        public double full;
        /** Linformer, one E a layer. */
        public double linformer;
        /** Linformer, E and F apart. */
        public double headwise;
        /** Linformer, one E a layer, in bfloat16. */
        public double bfloat16;
        /** The products of Linformer at the rate of one large float32 product: nothing can be faster. */
        public double floor;
    }

    private NDManager manager;
    private NDArray x;
    private NDArray square;
    private Model peer; // held, as its finalizer would close it
    private Block full;
    private AttentionBlock linformer;
    private AttentionBlock headwise;
    private AttentionBlock bfloat16;

    @Setup
    public void setUp() throws IOException, MalformedModelException {
        Meter.setAllocator(allocator);
        manager = NDManager.newBaseManager();
        manager.getEngine().setRandomSeed(42);
        x = manager.randomNormal(new Shape(1, n, dModel));
        square = manager.randomNormal(new Shape(2048, 2048));
        String peers = System.getProperty("peers.dir", "none");
        if (peers.equals("none")) {
            full = block(new SoftmaxAttention.Config(heads(dModel), n));
        } else {
            peer = Model.newInstance("full_sdpa_d%dh%d".formatted(dModel, HEADS), "PyTorch");
            peer.load(Path.of(peers));
            full = peer.getBlock();
        }
        linformer = block(linformer(dModel, n, Sharing.KEY_VALUE));
        headwise = block(linformer(dModel, n, Sharing.HEADWISE));
        bfloat16 = block(linformer(dModel, n, Sharing.KEY_VALUE));
        bfloat16.toBfloat16();
        Check.equalsThePapersOrder(linformer, x, HEADS);
        Check.equalsThePapersOrder(headwise, x, HEADS);
    }

    static Heads heads(int dModel) {
        return new Heads(dModel, HEADS, dModel / HEADS, false, 0, false);
    }

    static AttentionConfig linformer(int dModel, int n, Sharing sharing) {
        // selected positions keep the keys' size, as training does, at each n
        return new LinformerAttention.Config(
                heads(dModel),
                n,
                K,
                new Projection.Linear(sharing, Initialization.STRIDED, false, false),
                LinformerAttention.Exact.NOWHERE);
    }

    private AttentionBlock block(AttentionConfig config) {
        manager.getEngine().setRandomSeed(42);
        AttentionBlock block = config.newBlock();
        block.initialize(manager, DataType.FLOAT32, x.getShape());
        block.freezeParameters(true);
        return block;
    }

    @Benchmark
    public void forward(CpuMillis cpu) {
        int runs = Math.max(1, 8192 / n);
        cpu.full += Meter.cpuMillis(Math.max(1, 4096 / n), () -> run(full));
        cpu.linformer += Meter.cpuMillis(runs, () -> run(linformer));
        cpu.headwise += Meter.cpuMillis(runs, () -> run(headwise));
        cpu.bfloat16 += Meter.cpuMillis(runs, () -> run(bfloat16));
        double millis = Meter.cpuMillis(1, () -> square.matMul(square).close());
        cpu.floor += millis * products(n, dModel) / (2.0 * 2048 * 2048 * 2048);
    }

    /** Floating-point operations of the products: W_q and W_o on n rows, E, W_k and W_v on k rows, scores and their values. */
    private static double products(double n, double d) {
        return 2 * (2 * n * d * d + K * n * d + 2 * K * d * d + 2 * n * K * d);
    }

    private void run(Block block) {
        try (NDManager scope = manager.newSubManager()) {
            NDArray input = x.get(scope, new ai.djl.ndarray.index.NDIndex("..."));
            NDArray y = block.forward(new ParameterStore(scope, false), new NDList(input), false)
                    .singletonOrThrow();
            y.getFloat(0, 0, 0);
        }
    }

    @TearDown
    public void tearDown() {
        manager.close();
    }
}
