package org.linformer.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.linformer.attention.AttentionBlock;
import org.linformer.attention.AttentionConfig;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.Projection;
import org.linformer.attention.Projection.Initialization;
import org.linformer.attention.Projection.Sharing;
import org.linformer.attention.SoftmaxAttention;

/**
 * Outputs and gradients of the public implementations, from the folder that the property {@code oracle.dir} names: the
 * block gives the same, in float32 and float64, within the tolerances of the index. A case is taken by its module,
 * features and parameters, and left out by a feature that the product does not have.
 *
 * <p>Gradients are compared by their names: {@link PublishedLayout} runs under the gradient collector, so the test
 * differentiates through it.
 */
class ParityTest {

    private static final Set<String> UNSUPPORTED = Set.of(
            "additive-mask",
            "conv-residual",
            "ff-intermediate",
            "fourier",
            "lm",
            "linear-attention",
            "long-short",
            "lsh",
            "no-ff",
            "padder",
            "reversible",
            "w-o-intermediate");

    private static final Map<String, Integer> COUNTS = new TreeMap<>();

    /** A block with their weights in it, their inputs as ours, and what makes our output theirs. */
    private record Setup(Block block, Map<String, NDArray> weights, NDList inputs, Adapter adapter) {
        private interface Adapter {
            NDArray adapt(NDArray y);
        }
    }

    @TestFactory
    Stream<DynamicTest> givesWhatThePublicImplementationsGive() throws IOException {
        String folder = System.getProperty("oracle.dir");
        if (folder == null) {
            return Stream.of(DynamicTest.dynamicTest(
                    "oracle", () -> abort("left out: the property oracle.dir names no folder")));
        }
        return Oracle.cases(Path.of(folder)).stream()
                .flatMap(each -> Stream.of(DataType.FLOAT32, DataType.FLOAT64)
                        .map(type -> DynamicTest.dynamicTest(
                                "%s, %s, %s".formatted(each.module(), each.name(), type), () -> run(each, type))));
    }

    @AfterAll
    static void report() {
        COUNTS.forEach((what, count) -> System.out.printf("parity: %s: %d%n", what, count));
    }

    private static void count(String what) {
        COUNTS.merge(what, 1, Integer::sum);
    }

    private static void run(Oracle.Case each, DataType type) throws IOException {
        String left = reasonToLeaveOut(each);
        if (left != null) {
            count("left out by feature " + left + ", " + type);
            abort("left out: " + left);
        }
        try (NDManager manager = NDManager.newBaseManager()) {
            Map<String, NDArray> arrays = each.read(manager, type);
            boolean hasGradients = arrays.keySet().stream().anyMatch(name -> name.startsWith("cot."));
            Map<String, NDArray> leaves = new LinkedHashMap<>();
            arrays.forEach((name, array) -> {
                if (name.matches("(in|param)\\..*") && array.getDataType() == type) {
                    array.setRequiresGradient(true);
                    leaves.put(name, array);
                }
            });
            String precision = type == DataType.FLOAT32 ? "f32" : "f64";
            try (GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                Setup setup = Peer.of(each, arrays, manager, type).setup();
                Weights.of(setup.block).forEach((name, parameter) -> {
                    NDArray array = setup.weights.get(name);
                    if (array != null) {
                        parameter.close();
                        parameter.setShape(null);
                        parameter.setArray(array);
                    }
                });
                ParameterStore store = new ParameterStore(manager, false);
                NDArray y = setup.adapter.adapt(
                        setup.block.forward(store, setup.inputs, true).singletonOrThrow());
                assertOutput(each, "y", y, arrays.get("out.y"), each.tolerance(precision + "_out"));
                if (arrays.containsKey("out.attn") && setup.block instanceof MultiHeadAttention attention) {
                    NDArray map = attention.attentionMap(store, setup.inputs);
                    assertOutput(each, "attn", map, arrays.get("out.attn"), each.tolerance(precision + "_out"));
                }
                if (hasGradients) {
                    gradients.backward(y.mul(arrays.get("cot.y")).sum());
                }
                // and what inference does, which is another path
                NDArray fused = setup.adapter.adapt(
                        setup.block.forward(store, setup.inputs, false).singletonOrThrow());
                assertOutput(each, "y in inference", fused, arrays.get("out.y"), each.tolerance(precision + "_out"));
            }
            if (hasGradients) {
                leaves.forEach((name, array) -> {
                    NDArray expected = arrays.get("grad." + name);
                    if (expected != null) {
                        assertGradient(each, name, array, expected, each.tolerance(precision + "_grad"));
                    }
                });
            }
        }
        count("passed, " + type);
    }

    private static String reasonToLeaveOut(Oracle.Case each) {
        Set<String> features = each.features();
        for (String feature : features) {
            if (UNSUPPORTED.contains(feature)) {
                return feature;
            }
        }
        if (features.contains("causal") && !features.contains("softmax-full")) {
            return "causal";
        }
        if (features.contains("decoder") && features.contains("model")) {
            return "decoder";
        }
        return null;
    }

    private static void assertOutput(
            Oracle.Case each, String name, NDArray actual, NDArray expected, double tolerance) {
        NDArray y = actual.toType(DataType.FLOAT64, false);
        List<Integer> rows = each.rows();
        if (!rows.isEmpty()) {
            NDList stored = new NDList();
            rows.forEach(row -> stored.add(y.get(":, {}:{}", row, row + 1)));
            assertClose(name, NDArrays.concat(stored, 1), expected, tolerance, 0);
        } else {
            assertClose(name, y, expected, tolerance, 0);
        }
    }

    private static void assertGradient(
            Oracle.Case each, String name, NDArray leaf, NDArray expected, double tolerance) {
        NDArray actual = leaf.hasGradient() ? leaf.getGradient() : leaf.zerosLike();
        boolean isZero = each.strings("zero_grads").contains("grad." + name);
        double scale = each.gradientScale();
        if (isZero) {
            assertThat(actual.abs().max().toType(DataType.FLOAT64, false).getDouble())
                    .as("gradient of " + name)
                    .isLessThanOrEqualTo(tolerance * scale);
        } else {
            assertClose(
                    "gradient of " + name, actual.toType(DataType.FLOAT64, false), expected, tolerance, 0.01 * scale);
        }
    }

    private static void assertClose(
            String name, NDArray actual, NDArray expected, double tolerance, double smallestScale) {
        assertThat(actual.getShape()).as(name).isEqualTo(expected.getShape());
        double error = actual.sub(expected).abs().max().getDouble();
        double scale = Math.max(expected.abs().max().getDouble(), smallestScale);
        assertThat(error / scale).as("relative error of " + name).isLessThanOrEqualTo(tolerance);
    }

    /** A case and its arrays; each method builds what stands for one module. */
    private record Peer(
            Oracle.Case each,
            Map<String, NDArray> arrays,
            Map<String, NDArray> theirs,
            NDManager manager,
            DataType type) {

        static Peer of(Oracle.Case each, Map<String, NDArray> arrays, NDManager manager, DataType type) {
            Map<String, NDArray> theirs = new LinkedHashMap<>();
            arrays.forEach((name, array) -> {
                if (name.startsWith("param.")) {
                    theirs.put(name.substring("param.".length()), array);
                }
            });
            return new Peer(each, arrays, theirs, manager, type);
        }

        Setup setup() {
            String module = each.module();
            if (module.equals("LinformerSelfAttention")) {
                return lucidrainsAttention();
            }
            if (module.equals("Linformer") && each.repo().startsWith("lucidrains/")) {
                return lucidrainsModel();
            }
            if (module.equals("Linformer") && each.repo().startsWith("tatp22/")) {
                return tatp22Model();
            }
            if (module.equals("MHAttention")) {
                return tatp22Attention();
            }
            if (module.equals("MultiheadLinearAttention")) {
                return fairseq();
            }
            if (module.startsWith("LinformerAttention (core only")) {
                return xformers();
            }
            if (module.startsWith("LRA/code/attention.py")) {
                return nystromformer();
            }
            if (module.startsWith("LinformerSelfAttention as a formula")) {
                return longRangeArena();
            }
            if (module.startsWith("Paper(")) {
                return paper();
            }
            if (module.equals("nn.MultiheadAttention")) {
                return torchAttention();
            }
            if (module.equals("nn.TransformerEncoderLayer") || module.equals("nn.TransformerEncoder")) {
                return torchEncoder();
            }
            count("left out by module " + module + ", " + type);
            return abort("left out: no such module: " + module);
        }

        private AttentionBlock newBlock(AttentionConfig config) {
            AttentionBlock block = config.newBlock();
            block.initialize(manager, type, new Shape(1, 1, config.dModel()));
            return block;
        }

        private Encoder newEncoder(
                AttentionConfig attention, int depth, int ffDim, boolean normFirst, boolean finalNorm) {
            EncoderConfig.Activation activation =
                    each.features().contains("relu") ? EncoderConfig.Activation.RELU : EncoderConfig.Activation.GELU;
            EncoderConfig config = new EncoderConfig(
                    depth,
                    ffDim,
                    activation,
                    normFirst,
                    finalNorm,
                    /* normEpsilon= */ 1e-5f,
                    0,
                    attention,
                    /* apart= */ false);
            Encoder encoder = new Encoder(config);
            encoder.initialize(manager, type, new Shape(1, 1, attention.dModel()));
            return encoder;
        }

        private static Heads heads(int dModel, int numHeads, int headDim, boolean projectionBias) {
            return new Heads(dModel, numHeads, headDim, projectionBias, 0, false);
        }

        private static Projection.Linear linear(Sharing sharing, boolean bias) {
            return new Projection.Linear(sharing, Initialization.GAUSSIAN, bias, false);
        }

        private NDList inputs(String... names) {
            NDList inputs = new NDList();
            for (String name : names) {
                if (arrays.containsKey("in." + name)) {
                    inputs.add(arrays.get("in." + name));
                }
            }
            return inputs;
        }

        private Setup lucidrainsAttention() {
            int k = each.param("k");
            int nMax = each.param("n_max");
            // more slots than positions: E is longer than any input, and only its first columns are used
            int maxLength = Math.max(nMax, k);
            if (maxLength > nMax) {
                for (String name : List.of("proj_k", "proj_v")) {
                    theirs.computeIfPresent(
                            name, (key, e) -> e.concat(manager.zeros(new Shape(maxLength - nMax, k), type), 0));
                }
            }
            Sharing sharing = theirs.containsKey("proj_v") ? Sharing.HEADWISE : Sharing.KEY_VALUE;
            AttentionBlock block = newBlock(new LinformerAttention.Config(
                    heads(each.param("d_model"), each.param("heads"), each.param("dim_head"), false),
                    maxLength,
                    k,
                    linear(sharing, false),
                    LinformerAttention.Exact.NOWHERE));
            return new Setup(
                    block, PublishedLayout.LUCIDRAINS.attention(theirs, block), inputs("x", "context"), y -> y);
        }

        private Setup lucidrainsModel() {
            int dModel = each.param("d_model");
            int numHeads = each.param("heads");
            Sharing sharing = each.is("share_kv") ? Sharing.KEY_VALUE : Sharing.HEADWISE;
            AttentionConfig attention = new LinformerAttention.Config(
                    heads(dModel, numHeads, dModel / numHeads, false),
                    each.param("n_max"),
                    each.param("k"),
                    linear(sharing, false),
                    LinformerAttention.Exact.NOWHERE);
            Encoder encoder = newEncoder(attention, each.param("depth"), each.param("ff_mult") * dModel, true, false);
            return new Setup(encoder, PublishedLayout.LUCIDRAINS.encoder(theirs, encoder), inputs("x"), y -> y);
        }

        private Sharing sharing() {
            return switch (each.text("sharing")) {
                case "none" -> Sharing.NONE;
                case "headwise" -> Sharing.HEADWISE;
                case "kv" -> Sharing.KEY_VALUE;
                case "layerwise" -> Sharing.LAYERWISE;
                default -> throw new IllegalArgumentException(each.text("sharing"));
            };
        }

        private Projection tatp22Projection() {
            return each.features().contains("method-convolution")
                    ? new Projection.Convolution(sharing(), /* depthwise= */ false, /* bias= */ true)
                    : linear(sharing(), /* bias= */ true);
        }

        private Setup tatp22Attention() {
            Heads heads = heads(each.param("d_model"), each.param("heads"), each.param("dim_head"), false);
            int nMax = each.param("n_max");
            AttentionConfig config;
            if (each.is("full_attention")) {
                theirs.keySet().removeIf(name -> name.startsWith("heads."));
                // masked keys are rows of zeros that keep their weight: that is Linformer with E = F = I
                config = arrays.containsKey("in.mask")
                        ? new LinformerAttention.Config(
                                heads,
                                nMax,
                                nMax,
                                new Projection.Linear(Sharing.LAYERWISE, Initialization.STRIDED, false, true),
                                LinformerAttention.Exact.NOWHERE)
                        : new SoftmaxAttention.Config(
                                new Heads(
                                        heads.dModel(), heads.numHeads(), heads.headDim(), false, 0, each.is("causal")),
                                nMax);
            } else if (each.features().contains("method-no_params")) {
                config = new LinformerAttention.Config(
                        heads, nMax, each.param("k"), linear(sharing(), false), LinformerAttention.Exact.NOWHERE);
            } else {
                config = new LinformerAttention.Config(
                        heads, nMax, each.param("k"), tatp22Projection(), LinformerAttention.Exact.NOWHERE);
            }
            AttentionBlock block = newBlock(config);
            arrays.forEach((name, array) -> {
                if (name.startsWith("const.")) {
                    theirs.put(name.substring("const.".length()) + ".weight", array.transpose());
                }
            });
            NDList inputs = inputs("x", "embeddings", "mask");
            NDArray queryMask = arrays.get("in.embeddings_mask");
            if (queryMask != null) {
                // a masked query is zero, and has no bias: x is zeroed there as what attends, not as what is attended
                // to
                NDArray x = arrays.get("in.x");
                NDArray masked = x.mul(queryMask.toType(type, false).expandDims(2));
                inputs.remove(0);
                inputs.addAll(0, arrays.containsKey("in.embeddings") ? List.of(masked) : List.of(masked, x));
            }
            return new Setup(block, PublishedLayout.TATP22.attention(theirs, block), inputs, y -> y);
        }

        private Setup tatp22Model() {
            int dModel = each.param("d_model");
            int numHeads = each.param("heads");
            int depth = each.param("depth");
            List<Integer> k = new ArrayList<>();
            int step = each.features().contains("k-reduce-by-layer") ? each.param("k_reduce_by_layer") : 0;
            for (int layer = 0; layer < depth; layer++) {
                k.add(Math.max(1, each.param("k") - layer * step));
            }
            AttentionConfig attention = new LinformerAttention.Config(
                    heads(dModel, numHeads, dModel / numHeads, false),
                    each.param("n_max"),
                    k,
                    tatp22Projection(),
                    LinformerAttention.Exact.NOWHERE);
            Encoder encoder = newEncoder(attention, depth, each.param("dim_ff"), false, false);
            return new Setup(encoder, PublishedLayout.TATP22.encoder(theirs, encoder), inputs("x", "mask"), y -> y);
        }

        private Setup fairseq() {
            Sharing sharing = theirs.containsKey("compress_v.weight") ? Sharing.HEADWISE : Sharing.KEY_VALUE;
            AttentionBlock block = newBlock(new LinformerAttention.Config(
                    heads(each.param("d_model"), each.param("heads"), each.param("dim_head"), true),
                    each.param("n_max"),
                    each.param("k"),
                    linear(sharing, false),
                    LinformerAttention.Exact.NOWHERE));
            return new Setup(
                    block,
                    PublishedLayout.FAIRSEQ.attention(theirs, block),
                    new NDList(
                            arrays.get("in.x").swapAxes(0, 1)), // time first; the padding mask is ignored by the peer
                    y -> y.swapAxes(0, 1));
        }

        /** Queries, keys and values are given: x holds all three, and W_q, W_k, W_v pick theirs. */
        private Setup xformers() {
            int d = each.param("dim_head");
            AttentionBlock block = newBlock(new LinformerAttention.Config(
                    heads(3 * d, 1, d, false),
                    each.param("n_max"),
                    each.param("k"),
                    linear(Sharing.HEADWISE, false),
                    LinformerAttention.Exact.NOWHERE));
            NDArray pick = manager.eye(3 * d, 3 * d, 0, type);
            Map<String, NDArray> weights = new LinkedHashMap<>();
            weights.put("self.query.weight", pick.get(":{}", d));
            weights.put("self.key.weight", pick.get("{}:{}", d, 2 * d));
            weights.put("self.value.weight", pick.get("{}:", 2 * d));
            weights.put("self.E", theirs.get("E.weight"));
            weights.put("self.F", theirs.get("F.weight"));
            weights.put("output.dense.weight", pick.get(":, :{}", d));
            NDArray x = NDArrays.concat(inputs("q", "k", "v"), 2);
            return new Setup(block, weights, new NDList(x), y -> y.get(":, :, :{}", d));
        }

        /** E by head, the same for keys and values. */
        private Setup nystromformer() {
            AttentionBlock block = newBlock(new LinformerAttention.Config(
                    heads(each.param("d_model"), each.param("heads"), each.param("dim_head"), true),
                    each.param("n_max"),
                    each.param("k"),
                    linear(Sharing.NONE, false),
                    LinformerAttention.Exact.NOWHERE));
            Map<String, NDArray> weights = new LinkedHashMap<>();
            Map.of("W_q", "self.query", "W_k", "self.key", "W_v", "self.value", "ff", "output.dense")
                    .forEach((from, to) -> {
                        weights.put(to + ".weight", theirs.get(from + ".weight"));
                        weights.put(to + ".bias", theirs.get(from + ".bias"));
                    });
            weights.put("self.E", theirs.get("attn.E"));
            weights.put("self.F", theirs.get("attn.E"));
            return new Setup(block, weights, inputs("x", "mask_float"), y -> y);
        }

        private Setup longRangeArena() {
            AttentionBlock block = newBlock(new LinformerAttention.Config(
                    heads(each.param("d_model"), each.param("heads"), each.param("dim_head"), each.is("bias")),
                    each.param("n_max"),
                    each.param("k"),
                    linear(Sharing.KEY_VALUE, false),
                    LinformerAttention.Exact.NOWHERE));
            Map<String, NDArray> weights = new LinkedHashMap<>();
            theirs.forEach((name, array) -> weights.put(
                    name.equals("lr_kernel.weight")
                            ? "self.E"
                            : name.startsWith("out.") ? "output.dense" + name.substring(3) : "self." + name,
                    array));
            return new Setup(block, weights, inputs("x"), y -> y);
        }

        private Setup paper() {
            Projection projection = switch (each.text("projection")) {
                case "learned" -> linear(sharing(), false);
                case "mean" -> new Projection.Pooling(Projection.Pooling.Reduction.MEAN);
                case "max" -> new Projection.Pooling(Projection.Pooling.Reduction.MAX);
                case "adaptive-mean" ->
                    new Projection.Linear(Sharing.LAYERWISE, Initialization.BAND, false, /* frozen= */ true);
                case "dwconv" -> new Projection.Convolution(sharing(), /* depthwise= */ true, each.is("conv_bias"));
                default -> throw new IllegalArgumentException(each.text("projection"));
            };
            AttentionBlock block = newBlock(new LinformerAttention.Config(
                    heads(each.param("d_model"), each.param("heads"), each.param("dim_head"), each.is("bias")),
                    each.param("n_max"),
                    each.param("k"),
                    projection,
                    LinformerAttention.Exact.NOWHERE));
            Map<String, String> names = Map.of(
                    "wq", "self.query",
                    "wk", "self.key",
                    "wv", "self.value",
                    "wo", "output.dense");
            Map<String, NDArray> weights = new LinkedHashMap<>();
            theirs.forEach((name, array) -> {
                int dot = name.indexOf('.');
                if (name.equals("E") || name.equals("F_")) {
                    boolean isShared = array.getShape().get(0) == 1;
                    weights.put("self." + name.charAt(0), isShared ? array.squeeze(0) : array);
                } else if (name.startsWith("conv_")) {
                    String to = name.startsWith("conv_k") ? "self.E" : "self.F";
                    weights.put(name.endsWith(".bias") ? to + ".bias" : to, array);
                } else {
                    weights.put(names.get(name.substring(0, dot)) + name.substring(dot), array);
                }
            });
            if (each.text("projection").equals("adaptive-mean") && type == DataType.FLOAT64) {
                weights.put("self.E", band());
            }
            return new Setup(block, weights, inputs("x", "context", "mask"), y -> y);
        }

        /** The band in double: the block starts it in float. */
        private NDArray band() {
            int k = each.param("k");
            int n = each.param("n_max");
            double[] e = new double[k * n];
            for (int i = 0; i < k; i++) {
                int from = i * n / k;
                int to = ((i + 1) * n + k - 1) / k;
                for (int j = from; j < to; j++) {
                    e[i * n + j] = 1.0 / (to - from);
                }
            }
            return manager.create(e, new Shape(k, n));
        }

        /**
         * Keys and values may be given apart, of other widths than the queries: the context then holds both, side by
         * side, and W_k and W_v pick theirs.
         */
        private Setup torchAttention() {
            int embed = each.param("d_model");
            int numHeads = each.param("heads");
            boolean bias = each.is("bias");
            boolean isCross = arrays.containsKey("in.key");
            NDArray query = arrays.get("in.query");
            int keyWidth = isCross ? (int) arrays.get("in.key").getShape().get(2) : 0;
            int valueWidth = isCross ? (int) arrays.get("in.value").getShape().get(2) : 0;
            int dModel = isCross ? Math.max(embed, keyWidth + valueWidth) : embed;
            AttentionBlock block = newBlock(new SoftmaxAttention.Config(
                    new Heads(
                            dModel,
                            numHeads,
                            embed / numHeads,
                            bias,
                            0,
                            each.features().contains("causal")),
                    each.param("key_n")));
            NDArray mask = arrays.get("in.key_padding_mask"); // true at padding
            NDList inputs = new NDList(query);
            Map<String, NDArray> weights;
            if (isCross) {
                NDArray stacked = theirs.get("in_proj_weight");
                NDList split = stacked == null
                        ? new NDList(
                                theirs.get("q_proj_weight"), theirs.get("k_proj_weight"), theirs.get("v_proj_weight"))
                        : stacked.split(3);
                weights = new LinkedHashMap<>();
                weights.put("self.query.weight", widened(split.get(0), 0, dModel, 1));
                weights.put("self.key.weight", widened(split.get(1), 0, dModel, 1));
                weights.put("self.value.weight", widened(split.get(2), keyWidth, dModel, 1));
                if (bias) {
                    NDList biases = theirs.get("in_proj_bias").split(3);
                    weights.put("self.query.bias", biases.get(0));
                    weights.put("self.key.bias", biases.get(1));
                    weights.put("self.value.bias", biases.get(2));
                }
                weights.put("output.dense.weight", widened(theirs.get("out_proj.weight"), 0, dModel, 0));
                if (theirs.containsKey("out_proj.bias")) {
                    weights.put("output.dense.bias", widened(theirs.get("out_proj.bias"), 0, dModel, 0));
                }
                inputs = new NDList(
                        widened(query, 0, dModel, 2),
                        widened(NDArrays.concat(inputs("key", "value"), 2), 0, dModel, 2));
            } else {
                theirs.putIfAbsent("out_proj.bias", manager.zeros(new Shape(embed), type));
                weights = PublishedLayout.TORCH.attention(theirs, block);
            }
            if (mask != null) {
                inputs.add(mask.toType(type, false).mul(-1).add(1));
            }
            return new Setup(block, weights, inputs, y -> y.get(":, :, :{}", embed));
        }

        /** Zeros before and behind along an axis. */
        private static NDArray widened(NDArray array, int before, int width, int axis) {
            Shape shape = array.getShape();
            int behind = (int) (width - before - shape.get(axis));
            NDList parts = new NDList();
            for (int size : new int[] {before, -1, behind}) {
                if (size < 0) {
                    parts.add(array);
                } else if (size > 0) {
                    Shape zeros = shape.slice(0, axis).add(size).addAll(shape.slice(axis + 1));
                    parts.add(array.getManager().zeros(zeros, array.getDataType()));
                }
            }
            // DJL copies the only array of a list, without its gradient
            return parts.size() == 1 ? array : NDArrays.concat(parts, axis);
        }

        private Setup torchEncoder() {
            int dModel = each.param("d_model");
            int numHeads = each.param("heads");
            Map<String, NDArray> named = new LinkedHashMap<>();
            boolean isOne = each.module().equals("nn.TransformerEncoderLayer");
            theirs.forEach((name, array) -> named.put(isOne ? "layers.0." + name : name, array));
            Encoder encoder = newEncoder(
                    new SoftmaxAttention.Config(heads(dModel, numHeads, dModel / numHeads, true), each.param("n")),
                    each.param("layers"),
                    each.param("dim_ff"),
                    each.is("norm_first"),
                    named.containsKey("norm.weight"));
            NDList inputs = inputs("x");
            if (arrays.containsKey("in.key_padding_mask")) {
                inputs.add(arrays.get("in.key_padding_mask")
                        .toType(type, false)
                        .mul(-1)
                        .add(1));
            }
            return new Setup(encoder, PublishedLayout.TORCH.encoder(named, encoder), inputs, y -> y);
        }
    }
}
