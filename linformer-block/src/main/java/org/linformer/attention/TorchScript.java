package org.linformer.attention;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Operations of PyTorch that DJL's NDArray API lacks. Each is a TorchScript module of a few lines and no weights, as an
 * archive (a zip of text) that is written here and loaded as any model is.
 */
public final class TorchScript {

    /** softmax(q kᵀ / √d) v for q (b, h, n, d) and k, v (b, h, m, d), without an n x m array in memory. */
    public static final TorchScript ATTENTION =
            new TorchScript("q: Tensor, k: Tensor, v: Tensor", "return torch.scaled_dot_product_attention(q, k, v)");

    /** The same with a mask that is added to the scores, of a shape that broadcasts to (b, h, n, m). */
    public static final TorchScript MASKED_ATTENTION = new TorchScript(
            "q: Tensor, k: Tensor, v: Tensor, mask: Tensor",
            "return torch.scaled_dot_product_attention(q, k, v, mask)");

    /** To bfloat16, which the NDArray API does not know: the result may only go through operations that keep the type. */
    public static final TorchScript TO_BFLOAT16 = new TorchScript("x: Tensor", "return torch.to(x, 15)");

    /** From bfloat16. */
    public static final TorchScript TO_FLOAT32 = new TorchScript("x: Tensor", "return torch.to(x, 6)");

    /** The singular values of a matrix, or of each of a batch, largest first: (.., r, c) to (.., min(r, c)). */
    public static final TorchScript SINGULAR_VALUES = new TorchScript("x: Tensor", "return torch.linalg_svdvals(x)");

    private static final String ENGINE = "PyTorch";

    private final String code;
    /** Held, as its finalizer would close it. */
    private volatile @Nullable Model model;

    private TorchScript(String arguments, String body) {
        this("", arguments, body);
    }

    /**
     * Constructs an operation.
     *
     * @param methods what its body calls as {@code (self).name(..)}
     * @param arguments its arguments
     * @param body its lines
     */
    TorchScript(String methods, String arguments, String body) {
        code = """
                class Operation(Module):
                  __parameters__ = []
                  __buffers__ = []
                  training : bool
                """
                + methods.indent(2)
                + "  def forward(self: __torch__.Operation, %s) -> Tensor:\n".formatted(arguments)
                + body.indent(4);
    }

    /**
     * Returns whether the operations can be used.
     *
     * @return whether PyTorch is among the engines
     */
    public static boolean isAvailable() {
        return Engine.hasEngine(ENGINE);
    }

    /** Whether they take an array: whether it is one of PyTorch, for there may be other engines beside it. */
    static boolean takes(NDArray array) {
        return array.getManager().getEngine().getEngineName().equals(ENGINE);
    }

    static void requireAvailable(String what) {
        if (!isAvailable()) {
            throw new IllegalStateException(
                    "the engine must be PyTorch for %s, but is %s".formatted(what, Engine.getDefaultEngineName()));
        }
    }

    /**
     * Returns whether bfloat16 is faster than float32 on a device.
     *
     * @param device where it would be computed
     * @return true on CUDA, and on a processor that lists instructions for it ({@code avx512_bf16}, {@code amx_bf16},
     *     on ARM {@code bf16}); false where the operating system does not tell
     */
    public static boolean isBfloat16Fast(Device device) {
        if (!isAvailable()) {
            return false;
        }
        if (device.isGpu()) {
            return true;
        }
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                    .findFirst()
                    .map(line -> line.matches(".*\\b(avx512_bf16|amx_bf16|bf16)\\b.*"))
                    .orElse(false);
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    /**
     * Runs the operation.
     *
     * @param inputs its arguments; the result belongs to the manager of the first
     * @return the result
     */
    public NDArray apply(NDArray... inputs) {
        NDManager manager = inputs[0].getManager();
        NDList arguments = new NDList();
        NDList views = new NDList();
        for (NDArray input : inputs) {
            // to DJL an array with a name may be an entry of a dictionary: a view has none
            NDArray unnamed = input.getName() == null ? input : input.get(manager, new NDIndex("..."));
            arguments.add(unnamed);
            if (unnamed != input) {
                views.add(unnamed);
            }
        }
        try (views) {
            // as in training: otherwise the result is an inference tensor, which no trainable layer may take in a
            // thread
            // that keeps gradients, and each thread does but the one that started the engine
            return model().getBlock()
                    .forward(new ParameterStore(manager, false), arguments, true)
                    .singletonOrThrow();
        }
    }

    /**
     * Turns a block's own parameters into bfloat16; half of the memory is free after it.
     *
     * @param block the block, initialised
     * @throws IllegalStateException if PyTorch is not the engine, or the parameters are not float32
     */
    public static void toBfloat16(Block block) {
        for (Parameter parameter : block.getDirectParameters().values()) {
            NDArray array = parameter.getArray();
            if (!isAvailable() || array.getDataType() != DataType.FLOAT32 || Packed.isPacked(array)) {
                throw new IllegalStateException("%s must be float32 and on PyTorch to become bfloat16, but is %s"
                        .formatted(parameter.getName(), array));
            }
            replace(parameter, TO_BFLOAT16.apply(array));
        }
    }

    static void replace(Parameter parameter, NDArray array) {
        parameter.close();
        parameter.setShape(null);
        parameter.setArray(array);
        parameter.freeze(true);
    }

    /** Loads the code if that was not done yet. */
    Model model() {
        Model loaded = model;
        if (loaded == null) {
            synchronized (this) {
                loaded = model;
                if (loaded == null) {
                    loaded = load();
                    model = loaded;
                }
            }
        }
        return loaded;
    }

    private Model load() {
        try {
            Model loaded = Model.newInstance("operation", ENGINE);
            loaded.load(new ByteArrayInputStream(archive(code)));
            return loaded;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (MalformedModelException e) {
            throw new IllegalStateException("PyTorch must read this TorchScript, but does not: " + code, e);
        }
    }

    /** Code, and an object of the class as Python's pickle writes it: {@code Operation(training=False)}. */
    private static byte[] archive(String code) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            put(zip, "data.pkl", "\u0080\u0002c__torch__\nOperation\n)\u0081}(X\u0008\0\0\0training\u0089ub.");
            put(zip, "code/__torch__.py", code);
            put(zip, "constants.pkl", "\u0080\u0002).");
            put(zip, "version", "10\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void put(ZipOutputStream zip, String name, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        ZipEntry entry = new ZipEntry("operation/" + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }
}
