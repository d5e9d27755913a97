package org.linformer.attention;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
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
 * Operations of PyTorch that DJL's NDArray API lacks. Each is a TorchScript module of a few lines and no weights, as an archive
 * (a zip of text) that is written here and loaded as any model is.
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

    /**
     * W (out, in) in the layout that oneDNN multiplies by, which it otherwise has to bring it into each time. The result
     * reads as (out, in), but only the operations below can take it. On CPU.
     */
    static final TorchScript PACK = new TorchScript("w: Tensor", "return ops.mkldnn._reorder_linear_weight(w, None)");

    private static final TorchScript IS_PACKED =
            new TorchScript("x: Tensor", "return torch.tensor(ops.prim.is_mkldnn(x))");

    /** x Wᵀ + b with W packed, without gradients: (b, n, in) to (b, n, out). */
    static final TorchScript PACKED_LINEAR =
            rowByRow("w: Tensor, b: Tensor", "y = " + linear("rows", "w", "b", "none"), "w");

    /** x Wᵀ with W packed, without gradients: (b, n, in) to (b, n, out). */
    static final TorchScript PACKED_LINEAR_WITHOUT_BIAS =
            rowByRow("w: Tensor", "y = " + linear("rows", "w", "None", "none"), "w");

    /** GELU(x Wᵀ + b) Vᵀ + c with W and V packed, without gradients: (b, n, in) to (b, n, out). */
    public static final TorchScript PACKED_GELU = packedFeedForward("gelu");

    /** ReLU(x Wᵀ + b) Vᵀ + c with W and V packed, without gradients: (b, n, in) to (b, n, out). */
    public static final TorchScript PACKED_RELU = packedFeedForward("relu");

    private static final String ENGINE = "PyTorch";

    private final String code;
    /** Held, as its finalizer would close it. */
    private volatile @Nullable Model model;

    private TorchScript(String arguments, String body) {
        code = """
                class Operation(Module):
                  __parameters__ = []
                  __buffers__ = []
                  training : bool
                  def forward(self: __torch__.Operation, %s) -> Tensor:
                """.formatted(arguments) + body.indent(4);
    }

    /**
     * An operation on the rows of x (b, n, in), some hundred at a time and their number rounded up: oneDNN makes and keeps
     * machine code for each number of rows that it meets, which takes a millisecond and a megabyte. What lies between two
     * products also stays small enough for the cache.
     *
     * @param arguments the weights
     * @param lines how {@code y} comes from {@code rows}
     * @param last the weight whose number of rows is the width of y
     */
    private static TorchScript rowByRow(String arguments, String lines, String last) {
        return new TorchScript("x: Tensor, " + arguments, """
                size = torch.size(x)
                pieces = torch.split(torch.reshape(x, [-1, size[2]]), 512)
                results = annotate(List[Tensor], [])
                for i in range(torch.len(pieces)):
                  piece = pieces[i]
                  n = torch.size(piece, 0)
                  padding = torch.remainder(torch.neg(n), 16)
                  if torch.gt(padding, 0):
                    rows = torch.constant_pad_nd(piece, [0, 0, 0, padding])
                  else:
                    rows = piece
                  %s
                  _0 = torch.append(results, torch.slice(y, 0, 0, n))
                if torch.eq(torch.len(pieces), 1):
                  result = results[0]
                else:
                  result = torch.cat(results)
                return torch.reshape(result, [size[0], size[1], torch.size(%s, 0)])
                """.formatted(lines, last));
    }

    private static String linear(String x, String weight, String bias, String activation) {
        String kind = activation.equals("gelu") ? "none" : ""; // not the one with tanh
        return "ops.mkldnn._linear_pointwise(%s, %s, %s, \"%s\", annotate(List[Optional[number]], []), \"%s\")"
                .formatted(x, weight, bias, activation, kind);
    }

    private static TorchScript packedFeedForward(String activation) {
        String wide = linear("rows", "w", "b", activation);
        return rowByRow("w: Tensor, b: Tensor, v: Tensor, c: Tensor", "y = " + linear(wide, "v", "c", "none"), "v");
    }

    /**
     * Returns whether the operations can be used.
     *
     * @return whether PyTorch is among the engines
     */
    public static boolean isAvailable() {
        return Engine.hasEngine(ENGINE);
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
     * @return true on CUDA, and on a processor that lists instructions for it ({@code avx512_bf16}, {@code amx_bf16}, on
     *     ARM {@code bf16}); false where the operating system does not tell
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
     * Returns whether matrices can be packed on a device.
     *
     * @param device where they are
     * @return true on a CPU whose PyTorch has oneDNN
     */
    public static boolean canPack(Device device) {
        if (!isAvailable() || device.isGpu()) {
            return false;
        }
        try {
            PACK.model();
            return true;
        } catch (EngineException e) {
            return false; // the operation is not known
        }
    }

    /**
     * Packs a block's own weights: they then serve {@link #PACKED_GELU} and the like alone, and cannot be written.
     *
     * @param block the block, initialised
     * @throws IllegalStateException if the parameters are not float32, or not on a CPU whose PyTorch has oneDNN
     */
    public static void pack(Block block) {
        for (Parameter parameter : block.getDirectParameters().values()) {
            NDArray array = parameter.getArray();
            if (!canPack(array.getDevice()) || array.getDataType() != DataType.FLOAT32 || isPacked(array)) {
                throw new IllegalStateException("%s must be float32 and on a CPU with oneDNN to be packed, but is %s"
                        .formatted(parameter.getName(), array));
            }
            if (parameter.getName().endsWith("weight")) {
                replace(parameter, PACK.apply(array));
            }
            parameter.getArray().setName(null); // then no view is needed to hide the name
        }
    }

    /**
     * Returns whether an array is packed.
     *
     * @param array the array
     * @return whether only operations on packed matrices can take it
     */
    public static boolean isPacked(NDArray array) {
        try (NDArray answer = IS_PACKED.apply(array)) {
            return answer.getBoolean();
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
            if (!isAvailable() || array.getDataType() != DataType.FLOAT32 || isPacked(array)) {
                throw new IllegalStateException("%s must be float32 and on PyTorch to become bfloat16, but is %s"
                        .formatted(parameter.getName(), array));
            }
            replace(parameter, TO_BFLOAT16.apply(array));
        }
    }

    private static void replace(Parameter parameter, NDArray array) {
        parameter.close();
        parameter.setShape(null);
        parameter.setArray(array);
        parameter.freeze(true);
    }

    private Model model() {
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
