package org.linformer.attention;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Inference in float32 or bfloat16 on a CPU, with matrices that oneDNN has laid out once, and in few calls: a short
 * text costs little to compute, beside what it costs to lay a matrix out for each product and to call each operation.
 *
 * <p>In float32 six layers of 384 took 2.1 times as long unpacked for 16 rows, 1.3 times for 128, and within 8 % as
 * long for 1,000 to 2,000 (AVX512, two cores); limited to AVX2 1.6 times, 1.1 times, and 4 to 15 % less.
 *
 * <p>x is (b, n, in), and what the operations return (b, n, out); they keep no gradients.
 */
public final class Packed {

    /**
     * W (out, in) in the layout that oneDNN multiplies by. The result reads as (out, in), but only the operations below
     * can take it.
     */
    private static final TorchScript PACK =
            new TorchScript("", "w: Tensor", "return ops.mkldnn._reorder_linear_weight(w, None)");

    private static final TorchScript IS_PACKED =
            new TorchScript("", "x: Tensor", "return torch.tensor(ops.prim.is_mkldnn(x))");

    /**
     * Rows (m, in), and rows of zeros behind them up to a number like 16, 32, 48: oneDNN makes and keeps machine code
     * for each number of rows that it meets, which takes a millisecond and a megabyte.
     */
    private static final String ROUNDED = """
            def rounded(self: __torch__.Operation, rows: Tensor) -> Tensor:
              padding = torch.remainder(torch.neg(torch.size(rows, 0)), 16)
              if torch.gt(padding, 0):
                y = torch.constant_pad_nd(rows, [0, 0, 0, padding])
              else:
                y = rows
              return y
            """;

    private static final String LINEAR_ROWS =
            inPieces("linear", "w: Tensor, b: Optional[Tensor]", "w, b", "return " + product("rows", "w", "b", "none"));

    /** x Wᵀ + b. */
    static final TorchScript LINEAR = byRow(LINEAR_ROWS, ", w: Tensor, b: Tensor", "(self).linear(rows, w, b, )");

    /** x Wᵀ. */
    static final TorchScript LINEAR_WITHOUT_BIAS = byRow(LINEAR_ROWS, ", w: Tensor", "(self).linear(rows, w, None, )");

    /** GELU(x Wᵀ + b) Vᵀ + c. */
    public static final TorchScript GELU = feedForward("gelu");

    /** ReLU(x Wᵀ + b) Vᵀ + c. */
    public static final TorchScript RELU = feedForward("relu");

    private static final Map<Layer, TorchScript> LAYERS = new ConcurrentHashMap<>();

    /**
     * A layer of an encoder with full attention.
     *
     * @param headDim d
     * @param hasBias whether queries, keys and values have biases
     * @param isGelu whether the activation is GELU, not ReLU
     * @param normFirst whether normalisation comes before attention and feed-forward network, not behind them
     * @param epsilon what it adds to the variance
     * @param isMasked whether some positions are padding
     * @param isBfloat16 whether the matrices are bfloat16, and all that is computed but the residuals and
     *     normalisations
     */
    public record Layer(
            int headDim,
            boolean hasBias,
            boolean isGelu,
            boolean normFirst,
            float epsilon,
            boolean isMasked,
            boolean isBfloat16) {

        /**
         * Returns the layer as one operation.
         *
         * @return from x, the mask (b, n) if there is one, and W and b of the query, key, value and output, the first
         *     normalisation, the two linear layers, the second normalisation
         */
        public TorchScript operation() {
            return LAYERS.computeIfAbsent(this, Layer::write);
        }

        private TorchScript write() {
            String bias = hasBias ? ", b%1$s: Tensor" : "";
            StringBuilder arguments = new StringBuilder("x: Tensor");
            arguments.append(isMasked ? ", mask: Tensor" : "");
            for (String name : List.of("q", "k", "v")) {
                arguments.append((", w%1$s: Tensor" + bias).formatted(name));
            }
            for (String name : List.of("o", "m", "1", "2", "n")) {
                arguments.append(", w%1$s: Tensor, b%1$s: Tensor".formatted(name));
            }
            // zero at padding: a huge number there would outweigh the penalty
            String tokens = isMasked ? "torch.mul(x, torch.unsqueeze(mask, 2))" : "x";
            String penalty = "torch.mul(torch.sub(torch.reshape(mask, [size[0], 1, 1, size[1]]), 1), %s)"
                    .formatted(MultiHeadAttention.PENALTY);
            String attended = "torch.add(rows, %s)".formatted(up("(self).linear(merged, wo, bo, )"));
            String fed = "torch.add(attended, %s)".formatted(up("fed"));
            String body = """
                    size = torch.size(x)
                    n = torch.mul(size[0], size[1])
                    rows = (self).rounded(torch.reshape(%s, [n, size[2]]), )
                    seen = %s
                    q = %s
                    k = %s
                    v = %s
                    heads = torch.scaled_dot_product_attention(q, k, v%s)
                    merged = (self).rounded(torch.reshape(torch.transpose(heads, 1, 2), [n, -1]), )
                    attended = %s
                    fed = (self).feed_forward(%s, w1, b1, w2, b2, )
                    y = %s
                    return torch.reshape(torch.slice(y, 0, 0, n), size)
                    """.formatted(
                            tokens,
                            down(normFirst ? norm("rows", "m") : "rows"),
                            heads("q"),
                            heads("k"),
                            heads("v"),
                            isMasked ? ", " + down(penalty) : "",
                            normFirst ? attended : norm(attended, "m"),
                            down(normFirst ? norm("attended", "n") : "attended"),
                            normFirst ? fed : norm(fed, "n"));
            return new TorchScript(
                    ROUNDED + LINEAR_ROWS + feedForwardRows(isGelu ? "gelu" : "relu"), arguments.toString(), body);
        }

        private String heads(String name) {
            return ("torch.transpose(torch.reshape(torch.slice((self).linear(seen, w%1$s, %2$s, ), 0, 0, n),"
                            + " [size[0], size[1], -1, %3$d]), 1, 2)")
                    .formatted(name, hasBias ? "b" + name : "None", headDim);
        }

        private String down(String x) {
            return isBfloat16 ? "torch.to(%s, 15)".formatted(x) : x;
        }

        private String up(String x) {
            return isBfloat16 ? "torch.to(%s, 6)".formatted(x) : x;
        }

        private String norm(String rows, String name) {
            return "torch.layer_norm(%1$s, [size[2]], w%2$s, b%2$s, %3$s)"
                    .formatted(rows, name, Double.toString(epsilon).replace('E', 'e'));
        }
    }

    private Packed() {}

    private static TorchScript feedForward(String activation) {
        return byRow(
                feedForwardRows(activation),
                ", w: Tensor, b: Tensor, v: Tensor, c: Tensor",
                "(self).feed_forward(rows, w, b, v, c, )");
    }

    /** An operation on x (b, n, in) by its rows. */
    private static TorchScript byRow(String method, String weights, String product) {
        return new TorchScript(ROUNDED + method, "x: Tensor" + weights, """
                size = torch.size(x)
                n = torch.mul(size[0], size[1])
                rows = (self).rounded(torch.reshape(x, [n, size[2]]), )
                return torch.reshape(torch.slice(%s, 0, 0, n), [size[0], size[1], -1])
                """.formatted(product));
    }

    private static String feedForwardRows(String activation) {
        return inPieces("feed_forward", "w: Tensor, b: Tensor, v: Tensor, c: Tensor", "w, b, v, c", """
                wide = %s
                return %s
                """.formatted(
                        product("rows", "w", "b", activation), product("wide", "v", "c", "none")));
    }

    /**
     * A method on rows (m, in), some hundred at a time: what lies between two products stays small enough for the
     * cache.
     *
     * @param name its name
     * @param parameters the weights
     * @param arguments the same as they are handed on
     * @param lines what it does with some hundred rows at most
     */
    private static String inPieces(String name, String parameters, String arguments, String lines) {
        return """
                def few_%1$s(self: __torch__.Operation, rows: Tensor, %2$s) -> Tensor:
                %4$s
                def %1$s(self: __torch__.Operation, rows: Tensor, %2$s) -> Tensor:
                  if torch.le(torch.size(rows, 0), 512):
                    y = (self).few_%1$s(rows, %3$s, )
                  else:
                    pieces = torch.split(rows, 512)
                    results = annotate(List[Tensor], [])
                    for i in range(torch.len(pieces)):
                      _0 = torch.append(results, (self).few_%1$s(pieces[i], %3$s, ))
                    y = torch.cat(results)
                  return y
                """.formatted(
                        name, parameters, arguments, lines.strip().indent(2).stripTrailing());
    }

    private static String product(String rows, String weight, String bias, String activation) {
        String kind = activation.equals("gelu") ? "none" : ""; // not the one with tanh
        return "ops.mkldnn._linear_pointwise(%s, %s, %s, \"%s\", annotate(List[Optional[number]], []), \"%s\")"
                .formatted(rows, weight, bias, activation, kind);
    }

    /**
     * Returns whether matrices can be packed on a device.
     *
     * @param device where they are
     * @return true on a CPU whose PyTorch has oneDNN
     */
    public static boolean isPossible(Device device) {
        if (!TorchScript.isAvailable() || device.isGpu()) {
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
     * Packs a block's own weights: they then serve the operations here alone, and cannot be written.
     *
     * @param block the block, initialised
     * @throws IllegalStateException if the parameters are neither float32 nor bfloat16, or not on a CPU whose PyTorch
     *     has oneDNN
     */
    public static void pack(Block block) {
        for (Parameter parameter : block.getDirectParameters().values()) {
            NDArray array = parameter.getArray();
            // what PyTorch has and DJL has not is bfloat16
            boolean isTyped = array.getDataType() == DataType.FLOAT32 || array.getDataType() == DataType.UNKNOWN;
            if (!isPossible(array.getDevice()) || !isTyped || isPacked(array)) {
                throw new IllegalStateException(
                        "%s must be float32 or bfloat16 and on a CPU with oneDNN to be packed, but is %s"
                                .formatted(parameter.getName(), array));
            }
            if (parameter.getName().endsWith("weight")) {
                TorchScript.replace(parameter, PACK.apply(array));
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
}
