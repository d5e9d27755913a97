package org.linformer.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import org.linformer.attention.AttentionConfig;
import org.linformer.attention.SoftmaxAttention;
import org.linformer.encoder.Encoder;
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
 * How much memory does an encoder need beyond its input and weights? Two layers of 768, of which each frees what it
 * needed, so any number of layers needs the same; batch 1.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@Fork(1)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
public class EncoderMemoryBenchmark {

    private static final int D_MODEL = 768;
    private static final int LONGEST_FULL = 16384;

    @Param({"512", "1024", "2048", "4096", "8192", "16384", "32768", "65536"})
    public int n;

    /** Peak resident memory beyond what was there before the run, in MiB; 0 where k is more than n / 2. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class PeakMebibytes {
        /** Full attention through the fused kernel. */
        public double full;

        public double k128;
        public double k256;
        public double k512;
        public double k1024;
        public double k2048;
    }

    @Benchmark
    public void forward(PeakMebibytes peak) {
        Meter.setAllocator("returned");
        linformer(256); // not counted: the process takes what it takes once
        peak.k128 += linformer(128);
        peak.k256 += linformer(256);
        peak.k512 += linformer(512);
        peak.k1024 += linformer(1024);
        peak.k2048 += linformer(2048);
        peak.full += n <= LONGEST_FULL ? peak(new SoftmaxAttention.Config(EncoderBenchmark.heads(D_MODEL), n)) : 0;
    }

    private double linformer(int k) {
        return k > n / 2 ? 0 : peak(EncoderBenchmark.linformer(D_MODEL, n, k));
    }

    private double peak(AttentionConfig config) {
        try (NDManager manager = NDManager.newBaseManager()) {
            Encoder encoder = EncoderBenchmark.encoder(manager, config, 2);
            NDArray warm = manager.randomNormal(new Shape(1, 300, D_MODEL));
            NDArray x = manager.randomNormal(new Shape(1, n, D_MODEL));
            forward(encoder, warm);
            return Meter.peakMebibytes(() -> forward(encoder, x));
        }
    }

    private static void forward(Encoder encoder, NDArray x) {
        encoder.forward(new ParameterStore(x.getManager(), false), new NDList(x), false)
                .close();
    }
}
