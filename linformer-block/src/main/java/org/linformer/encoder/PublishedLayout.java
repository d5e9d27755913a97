package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.linformer.attention.AttentionBlock;

/**
 * Names and shapes of the weights that other libraries publish, and what they are here.
 *
 * <p>What a block does not have and a layout does is either brought to the same function or refused, never dropped;
 * what a block has and the file does not (E and F of a BERT, a head) stays as it was initialised.
 */
public enum PublishedLayout {

    /** BERT and its family in Hugging Face's names, with one segment: the embedding of segment 0 is added to each position. */
    BERT("", "(.*\\.)?(pooler|cls)\\..*|(.*\\.)?embeddings\\.position_ids") {
        @Override
        void encoder(Mapping map) {
            String root = map.root("embeddings.word_embeddings.weight");
            attention(map, root, "");
            for (String table : map.namesOf(root + "embeddings.token_type_embeddings.weight")) {
                NDArray positions = map.take(root + "embeddings.position_embeddings.weight"); // (maxLength, dModel)
                map.put(
                        "embeddings.position_embeddings.weight",
                        positions.add(map.take(table).get(0)));
            }
        }

        /** The names are ours: of one attention layer, or of all. */
        @Override
        void attention(Mapping map, String from, String to) {
            for (String name : map.target.keySet()) {
                if (map.theirs.containsKey(from + name)) {
                    map.put(to + name, map.take(from + name));
                }
            }
        }

        @Override
        Layer layer(int i) {
            throw new IllegalStateException("layer must be mapped with all others, but is asked for alone: " + i);
        }
    },

    /**
     * fairseq's Linformer (compress_k, compress_v). It projects before W_k and W_v and adds their biases to each slot
     * after that. A bias on all keys moves all scores of a query alike, so softmax does not see it, and a bias on all
     * values comes out as itself: the first is left out and the second goes into the bias of W_o, the same function.
     */
    FAIRSEQ("q_proj.weight", "(.*\\.)?compress_k\\.bias") {
        @Override
        Layer layer(int i) {
            String from = "layers." + i + ".";
            return new Layer(
                    from + "self_attn.",
                    from + "self_attn_layer_norm",
                    from + "fc1",
                    from + "fc2",
                    from + "final_layer_norm");
        }

        @Override
        void attention(Mapping map, String from, String to) {
            map.linear(from + "q_proj", to + "self.query");
            map.put(to + "self.key.weight", map.take(from + "k_proj.weight"));
            map.put(to + "self.value.weight", map.take(from + "v_proj.weight"));
            NDArray valueBias = map.take(from + "v_proj.bias"); // (h * d)
            map.put(to + "self.key.bias", map.take(from + "k_proj.bias").zerosLike());
            map.put(to + "self.value.bias", valueBias.zerosLike());
            NDArray output = map.take(from + "out_proj.weight"); // (dModel, h * d)
            map.put(to + "output.dense.weight", output);
            map.put(to + "output.dense.bias", map.take(from + "out_proj.bias").add(output.matMul(valueBias)));
            map.putOrCompare(to + "self.E", map.take(from + "compress_k.weight"));
            for (String name : map.namesOf(from + "compress_v.weight")) {
                map.putOrCompare(to + "self.F", map.take(name));
            }
        }
    },

    /**
     * lucidrains/linformer (proj_k, proj_v, stored (n, k)): pre-norm without a final norm. Heads that share one key and
     * value get a copy each; with share_kv the values are the keys.
     */
    LUCIDRAINS("to_q.weight", "") {
        @Override
        Layer layer(int i) {
            String from = "net.layers." + i + ".";
            return new Layer(from + "0.fn.", from + "0.norm", from + "1.fn.w1", from + "1.fn.w2", from + "1.norm");
        }

        @Override
        void attention(Mapping map, String from, String to) {
            NDArray query = map.take(from + "to_q.weight"); // (h * d, dModel)
            NDArray key = map.take(from + "to_k.weight"); // (h * d, dModel) or (d, dModel)
            NDArray value = map.theirs.containsKey(from + "to_v.weight") ? map.take(from + "to_v.weight") : key;
            long copies = query.getShape().get(0) / key.getShape().get(0);
            map.put(to + "self.query.weight", query);
            map.put(to + "self.key.weight", key.tile(new long[] {copies, 1}));
            map.put(to + "self.value.weight", value.tile(new long[] {copies, 1}));
            map.linear(from + "to_out", to + "output.dense");
            map.put(to + "self.E", map.take(from + "proj_k").transpose());
            if (map.theirs.containsKey(from + "proj_v")) {
                map.put(to + "self.F", map.take(from + "proj_v").transpose());
            }
        }
    },

    /** tatp22/linformer-pytorch (a linear layer or a convolution E and F with biases, and W_q, W_k, W_v, by head): post-norm. */
    TATP22("to_q.0.weight", "") {
        @Override
        Layer layer(int i) {
            String attention = "seq." + 2 * i + ".";
            String feedForward = "seq." + (2 * i + 1) + ".";
            return new Layer(
                    attention + "fn.",
                    attention + "norm",
                    feedForward + "fn.w_1",
                    feedForward + "fn.w_2",
                    feedForward + "norm");
        }

        @Override
        void attention(Mapping map, String from, String to) {
            int heads = 0;
            while (map.theirs.containsKey(from + "to_q." + heads + ".weight")) {
                heads++;
            }
            map.put(to + "self.query.weight", map.byHead(from + "to_q.", ".weight", heads, false));
            map.put(to + "self.key.weight", map.byHead(from + "to_k.", ".weight", heads, false));
            map.put(to + "self.value.weight", map.byHead(from + "to_v.", ".weight", heads, false));
            map.linear(from + "w_o", to + "output.dense");
            for (String e : new String[] {"E", "F"}) {
                projection(map, from + "heads.", "." + e + ".weight", to + "self." + e, heads);
                projection(map, from + "heads.", "." + e + ".bias", to + "self." + e + ".bias", heads);
            }
        }

        /** One a head, or one for all heads, whose copies say nothing new: the block says which. */
        private void projection(Mapping map, String from, String suffix, String to, int heads) {
            Shape shape = map.target.get(to);
            NDArray first = map.theirs.get(from + 0 + suffix);
            boolean isByHead = shape != null
                    && first != null
                    && shape.dimension() > first.getShape().dimension();
            if (isByHead) {
                map.put(to, map.byHead(from, suffix, heads, true));
                return;
            }
            for (int h = 0; h < heads; h++) {
                for (String name : map.namesOf(from + h + suffix)) {
                    map.putOrCompare(to, map.take(name));
                }
            }
        }
    },

    /** PyTorch's own nn.MultiheadAttention and nn.TransformerEncoder, in_proj being W_q, W_k and W_v on top of each other. */
    TORCH("in_proj_weight", "") {
        @Override
        Layer layer(int i) {
            String from = "layers." + i + ".";
            return new Layer(from + "self_attn.", from + "norm1", from + "linear1", from + "linear2", from + "norm2");
        }

        @Override
        void attention(Mapping map, String from, String to) {
            String[] names = {"self.query", "self.key", "self.value"};
            NDList weights = map.take(from + "in_proj_weight").split(3);
            for (int i = 0; i < 3; i++) {
                map.put(to + names[i] + ".weight", weights.get(i));
            }
            for (String bias : map.namesOf(from + "in_proj_bias")) {
                NDList biases = map.take(bias).split(3);
                for (int i = 0; i < 3; i++) {
                    map.put(to + names[i] + ".bias", biases.get(i));
                }
            }
            map.linear(from + "out_proj", to + "output.dense");
        }
    };

    /** A weight that each attention has. */
    private final String first;

    /** The names of weights that change no output of an encoder. */
    private final String withoutEffect;

    PublishedLayout(String first, String withoutEffect) {
        this.first = first;
        this.withoutEffect = withoutEffect;
    }

    /** What a layer's parts are called. */
    private record Layer(String attention, String attentionNorm, String widen, String narrow, String outputNorm) {}

    abstract Layer layer(int i);

    void encoder(Mapping map) {
        String root = map.root(layer(0).attention() + first);
        String name = map.prefix + "layer.%d.";
        for (int i = 0; map.target.containsKey(name.formatted(i) + "attention.output.dense.weight"); i++) {
            Layer from = layer(i);
            String to = name.formatted(i);
            attention(map, root + from.attention(), to + "attention.");
            map.linear(root + from.attentionNorm(), to + "attention.output.LayerNorm");
            map.linear(root + from.widen(), to + "intermediate.dense");
            map.linear(root + from.narrow(), to + "output.dense");
            map.linear(root + from.outputNorm(), to + "output.LayerNorm");
        }
        if (map.theirs.containsKey(root + "norm.weight")) {
            map.linear(root + "norm", map.prefix + "LayerNorm"); // PyTorch's final norm
        }
    }

    abstract void attention(Mapping map, String from, String to);

    /**
     * Maps the weights of an encoder: its layers, and with BERT its embeddings.
     *
     * @param theirs the weights by their names
     * @param target the {@link Encoder}, or for BERT the {@link EncoderModel}, initialised
     * @return the weights by the names of the target, in its shapes
     * @throws IllegalArgumentException if a weight is missing, left over, or has a shape that the target has not
     */
    public Map<String, NDArray> encoder(Map<String, NDArray> theirs, Block target) {
        Mapping map = new Mapping(theirs, target);
        encoder(map);
        return map.result(this);
    }

    /**
     * Maps the weights of one attention layer.
     *
     * @param theirs the weights by their names in the layer
     * @param target the attention, initialised
     * @return the weights by the names of the target, in its shapes
     * @throws IllegalArgumentException if a weight is missing, left over, or has a shape that the target has not
     */
    public Map<String, NDArray> attention(Map<String, NDArray> theirs, AttentionBlock target) {
        Mapping map = new Mapping(theirs, target);
        attention(map, "", "");
        return map.result(this);
    }

    /** Their weights on the way to ours. */
    private static final class Mapping {

        private final Map<String, NDArray> theirs;
        private final Map<String, Shape> target = new LinkedHashMap<>();
        private final Map<String, NDArray> ours = new LinkedHashMap<>();
        private final Set<String> used = new TreeSet<>();
        private final String prefix;

        private Mapping(Map<String, NDArray> theirs, Block target) {
            this.theirs = theirs;
            Weights.of(target).forEach((name, parameter) -> this.target.put(name, parameter.getShape()));
            prefix = target instanceof EncoderModel ? "encoder." : "";
        }

        /** What stands before a name in all of their names. */
        private String root(String name) {
            return theirs.keySet().stream()
                    .filter(each -> each.endsWith(name))
                    .findFirst()
                    .map(each -> each.substring(0, each.length() - name.length()))
                    .orElseThrow(
                            () -> new IllegalArgumentException("weights must have a name that ends with %s, but have %s"
                                    .formatted(name, theirs.keySet())));
        }

        private NDArray take(String name) {
            NDArray array = theirs.get(name);
            if (array == null) {
                throw new IllegalArgumentException(
                        "weights must have the name %s, but have %s".formatted(name, theirs.keySet()));
            }
            used.add(name);
            return array;
        }

        private Set<String> namesOf(String name) {
            return theirs.containsKey(name) ? Set.of(name) : Set.of();
        }

        private void put(String name, NDArray array) {
            Shape expected = target.get(name);
            if (expected == null || !expected.equals(array.getShape())) {
                throw new IllegalArgumentException("%s must be %s, but is %s"
                        .formatted(name, expected == null ? "absent" : expected, array.getShape()));
            }
            ours.put(name, array);
        }

        /** An E or F that is new, or a copy of the one that the block shares. */
        private void putOrCompare(String name, NDArray array) {
            String suffix = name.endsWith(".bias") ? "E.bias" : "E";
            String ofLayer = name.substring(0, name.lastIndexOf("self.") + "self.".length());
            String ofFirst = ofLayer.replaceFirst("layer\\.\\d+", "layer.0");
            NDArray shared = ours.get(
                    target.containsKey(name)
                            ? name
                            : ours.containsKey(ofLayer + suffix) ? ofLayer + suffix : ofFirst + suffix);
            if (shared == null) {
                put(name, array);
            } else if (shared.sub(array)
                            .abs()
                            .max()
                            .toType(DataType.FLOAT64, false)
                            .getDouble()
                    != 0) {
                throw new IllegalArgumentException(
                        "%s must be the one that the block shares, but is another".formatted(name));
            }
        }

        private void linear(String from, String to) {
            put(to + ".weight", take(from + ".weight"));
            put(to + ".bias", take(from + ".bias"));
        }

        private NDArray byHead(String from, String suffix, int heads, boolean isStacked) {
            NDList arrays = new NDList();
            for (int h = 0; h < heads; h++) {
                arrays.add(take(from + h + suffix));
            }
            // DJL copies the only array of a list, without its gradient
            return isStacked ? NDArrays.stack(arrays) : heads == 1 ? arrays.head() : NDArrays.concat(arrays);
        }

        private Map<String, NDArray> result(PublishedLayout layout) {
            Set<String> left = new TreeSet<>(theirs.keySet());
            left.removeAll(used);
            left.removeIf(name -> name.matches(layout.withoutEffect));
            if (!left.isEmpty()) {
                throw new IllegalArgumentException(
                        "weights must be all of %s and of the block, but %s are not".formatted(layout, left));
            }
            return ours;
        }
    }
}
