package org.linformer.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import java.util.function.BiConsumer;
import org.linformer.attention.AttentionBlock;
import org.linformer.attention.AttentionConfig;
import org.linformer.attention.MultiHeadAttention;
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
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How much memory does one attention layer need beyond its input and weights? Batch 1, 768 wide, 12 heads, k 256; every
 * large block goes back to the system when it is freed, so that the peak counts them all.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@Fork(1)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
public class AttentionMemoryBenchmark {

    private static final int D_MODEL = 768;

    /** Two maps of 12 heads must fit. */
    private static final int LONGEST_PLAIN = 8192;

    @Param({"512", "1024", "2048", "4096", "8192", "16384", "32768", "65536"})
    public int n;

    /** Peak resident memory beyond what was there before the run, in MiB. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class PeakMebibytes {
        /** The map softmax(Q Kᵀ / √d) as it is written, up to the n at which it and the scores fit into memory. */
        public double plain;
        /** Full attention through the fused kernel. */
        public double full;
        /** Linformer. */
        public double linformer;
        /** Linformer in bfloat16. */
        public double bfloat16;
    }

    @Benchmark
    public void forward(PeakMebibytes peak) {
        Meter.setAllocator("returned");
        AttentionConfig softmax = new SoftmaxAttention.Config(AttentionBenchmark.heads(D_MODEL), n);
        AttentionConfig linformer = AttentionBenchmark.linformer(D_MODEL, n, Sharing.KEY_VALUE);
        peak(linformer, false, AttentionMemoryBenchmark::forward); // not counted: the process takes what it takes once
        peak.linformer += peak(linformer, false, AttentionMemoryBenchmark::forward);
        peak.bfloat16 += peak(linformer, true, AttentionMemoryBenchmark::forward);
        peak.full += n <= 16384 ? peak(softmax, false, AttentionMemoryBenchmark::forward) : 0;
        peak.plain += n <= LONGEST_PLAIN ? peak(softmax, false, AttentionMemoryBenchmark::map) : 0;
    }

    private double peak(AttentionConfig config, boolean isBfloat16, BiConsumer<AttentionBlock, NDArray> run) {
        try (NDManager manager = NDManager.newBaseManager()) {
            AttentionBlock block = config.newBlock();
            block.initialize(manager, DataType.FLOAT32, new Shape(1, n, D_MODEL));
            block.freezeParameters(true);
            if (isBfloat16) {
                block.toBfloat16();
            }
            NDArray warm = manager.randomNormal(new Shape(1, 300, D_MODEL));
            NDArray x = manager.randomNormal(new Shape(1, n, D_MODEL));
            run.accept(block, warm);
            return Meter.peakMebibytes(() -> run.accept(block, x));
        }
    }

    private static void forward(AttentionBlock block, NDArray x) {
        block.forward(new ParameterStore(x.getManager(), false), new NDList(x), false)
                .close();
    }

    private static void map(AttentionBlock block, NDArray x) {
        ((MultiHeadAttention) block)
                .attentionMap(new ParameterStore(x.getManager(), false), new NDList(x))
                .close();
    }
}
