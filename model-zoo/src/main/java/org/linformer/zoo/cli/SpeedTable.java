package org.linformer.zoo.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.linformer.attention.AttentionConfig;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.Packed;
import org.linformer.attention.Projection;
import org.linformer.attention.SoftmaxAttention;
import org.linformer.attention.TorchScript;
import org.linformer.encoder.Encoder;
import org.linformer.encoder.EncoderConfig;

/**
 * The paper's Table 3 on this machine: how many times as fast as full attention an encoder with Linformer is, by n and
 * k. Random weights and data, layerwise sharing, post-norm, a feed-forward network of four times the width.
 *
 * @param device where it runs
 * @param precision of the layers
 * @param layers number of layers
 * @param width of the model, a multiple of 64: a head is 64 wide
 * @param batch texts at once
 */
record SpeedTable(Device device, Precision precision, int layers, int width, int batch) {

    /** In which type the layers compute. */
    enum Precision {
        /** As trained. */
        FLOAT32,
        /** Eight bits of precision, the range of float32. */
        BFLOAT16,
        /** All in float16: for GPUs. */
        FLOAT16
    }

    private static final int HEAD = 64;
    private static final int WARM_UPS = 2;
    private static final int RUNS = 5;

    SpeedTable {
        if (width < HEAD || width % HEAD != 0) {
            throw new IllegalArgumentException("width must be a multiple of %d, but is %d".formatted(HEAD, width));
        }
        if (batch < 1) {
            throw new IllegalArgumentException("batch must be positive, but is " + batch);
        }
        int gpus = Engine.getInstance().getGpuCount();
        // "gpu" without a number is -1 to DJL
        if (device.isGpu() && Math.max(device.getDeviceId(), 0) >= gpus) {
            throw new IllegalArgumentException(
                    "device must be cpu or one of %d GPUs, but is %s".formatted(gpus, device));
        }
    }

    /** Prints a row for each length: milliseconds with full attention (up to a length), then each k with its ratio. */
    void print(List<Integer> lengths, List<Integer> ks, int longestFull, PrintStream out) {
        out.printf("%s, %s, %d layers, %d wide, batch %d%n%n", device, precision, layers, width, batch);
        List<String> header = new ArrayList<>(List.of("n", "full, ms"));
        ks.forEach(k -> header.add("k %d, ms".formatted(k)));
        out.println(row(header));
        out.println(row(header.stream().map(each -> "---").toList()));
        for (int n : lengths) {
            double full = n <= longestFull ? millis(new SoftmaxAttention.Config(heads(), n), n) : 0;
            List<String> cells = new ArrayList<>(List.of(String.valueOf(n), full == 0 ? "-" : number(full)));
            for (int k : ks) {
                if (k > n / 2) {
                    cells.add("-");
                    continue;
                }
                Projection projection = new Projection.Linear(
                        Projection.Sharing.LAYERWISE, Projection.Initialization.STRIDED, false, false);
                double millis = millis(
                        new LinformerAttention.Config(heads(), n, k, projection, LinformerAttention.Exact.NOWHERE), n);
                cells.add(number(millis) + (full == 0 ? "" : String.format(Locale.ROOT, " (%.1fx)", full / millis)));
            }
            out.println(row(cells));
        }
    }

    private static String row(List<String> cells) {
        return "| " + String.join(" | ", cells) + " |";
    }

    private static String number(double millis) {
        return String.format(Locale.ROOT, millis < 100 ? "%.1f" : "%.0f", millis);
    }

    private Heads heads() {
        return new Heads(width, width / HEAD, HEAD, true, 0, false);
    }

    /** The fastest of several runs, in milliseconds of the clock. */
    private double millis(AttentionConfig attention, int n) {
        DataType type = precision == Precision.FLOAT16 ? DataType.FLOAT16 : DataType.FLOAT32;
        try (NDManager manager = NDManager.newBaseManager(device)) {
            Encoder encoder = new Encoder(new EncoderConfig(
                    layers,
                    4 * width,
                    EncoderConfig.Activation.GELU,
                    false,
                    false,
                    1e-12f,
                    0,
                    attention,
                    /* apart= */ false));
            encoder.initialize(manager, type, new Shape(1, 1, width));
            encoder.freezeParameters(true);
            if (precision == Precision.BFLOAT16) {
                encoder.toBfloat16();
            }
            // oneDNN packs bfloat16 only for a processor that is fast with it
            boolean isPackable = precision == Precision.FLOAT32
                    || (precision == Precision.BFLOAT16 && TorchScript.isBfloat16Fast(device));
            if (isPackable && Packed.isPossible(device)) {
                encoder.pack();
            }
            NDArray x = manager.randomNormal(0, 1, new Shape(batch, n, width), type);
            ParameterStore store = new ParameterStore(manager, false);
            double best = Double.MAX_VALUE;
            for (int run = 0; run < WARM_UPS + RUNS; run++) {
                long start = System.nanoTime();
                try (NDArray y = encoder.forward(store, new NDList(x), false).singletonOrThrow()) {
                    y.get("0, 0, 0").toType(DataType.FLOAT32, false).getFloat(); // a GPU is done when a number is there
                }
                if (run >= WARM_UPS) {
                    best = Math.min(best, (System.nanoTime() - start) / 1e6);
                }
            }
            return best;
        }
    }
}
