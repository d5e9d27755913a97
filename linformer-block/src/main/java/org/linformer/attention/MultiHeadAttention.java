package org.linformer.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.XavierInitializer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the multi-head variants share: the projections W_q, W_k, W_v and W_o of "Attention Is All You Need" (Vaswani et
 * al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2), and scaled dot-product attention, equation 1.
 *
 * <p>Head i of a projection is its channels i * headDim to (i + 1) * headDim - 1.
 */
public abstract class MultiHeadAttention extends AttentionBlock {

    /**
     * The heads.
     *
     * @param dModel width of the model
     * @param numHeads number of heads
     * @param headDim width of one head; the heads together may be wider or narrower than the model
     * @param projectionBias whether W_q, W_k and W_v have a bias; W_o always has one
     * @param dropout share of the attention map that is dropped in training, in [0, 1)
     * @param causal whether a position attends to none behind it; for self-attention
     */
    public record Heads(int dModel, int numHeads, int headDim, boolean projectionBias, float dropout, boolean causal) {
        public Heads {
            requirePositive("dModel", dModel);
            requirePositive("numHeads", numHeads);
            requirePositive("headDim", headDim);
            if (!(dropout >= 0 && dropout < 1)) {
                throw new IllegalArgumentException("dropout must be in [0, 1), but is " + dropout);
            }
        }
    }

    /** What is added to a score that must not count. */
    static final float PENALTY = 1e9f;

    /** The same in float16, whose largest number is 65,504: twice, where a key is padding and later too. */
    private static final float FLOAT16_PENALTY = 3e4f;

    private final Heads heads;
    private final Parameter queryWeight;
    private final @Nullable Parameter queryBias;
    private final Parameter keyWeight;
    private final @Nullable Parameter keyBias;
    private final Parameter valueWeight;
    private final @Nullable Parameter valueBias;
    private final Parameter outputWeight;
    private final Parameter outputBias;

    /**
     * Constructs the projections.
     *
     * @param version version of the parameters' layout
     * @param config width and longest input
     * @param heads the heads
     */
    @SuppressWarnings("this-escape")
    protected MultiHeadAttention(byte version, AttentionConfig config, Heads heads) {
        super(version, config);
        this.heads = heads;
        int inner = heads.numHeads() * heads.headDim();
        // the order of these calls is the checkpoint format
        queryWeight = weight("self.query.weight", inner, heads.dModel());
        queryBias = heads.projectionBias() ? bias("self.query.bias", inner) : null;
        keyWeight = weight("self.key.weight", inner, heads.dModel());
        keyBias = heads.projectionBias() ? bias("self.key.bias", inner) : null;
        valueWeight = weight("self.value.weight", inner, heads.dModel());
        valueBias = heads.projectionBias() ? bias("self.value.bias", inner) : null;
        outputWeight = weight("output.dense.weight", heads.dModel(), inner);
        outputBias = bias("output.dense.bias", heads.dModel());
    }

    /**
     * Refuses a size that is no size.
     *
     * @param name name of the size, as the caller spells it
     * @param value the size
     */
    static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("%s must be positive, but is %d".formatted(name, value));
        }
    }

    private Parameter weight(String name, int out, int in) {
        return addParameter(Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.WEIGHT)
                .optShape(new Shape(out, in))
                .optInitializer(new XavierInitializer())
                .build());
    }

    private Parameter bias(String name, int size) {
        return addParameter(Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.BIAS)
                .optShape(new Shape(size))
                .build());
    }

    /**
     * Returns the heads.
     *
     * @return the heads
     */
    public final Heads heads() {
        return heads;
    }

    /**
     * Returns the projections.
     *
     * @return W and, if there is one, b of the query, key, value and output
     */
    public final List<Parameter> projections() {
        return queryBias == null || keyBias == null || valueBias == null
                ? List.of(queryWeight, keyWeight, valueWeight, outputWeight, outputBias)
                : List.of(queryWeight, queryBias, keyWeight, keyBias, valueWeight, valueBias, outputWeight, outputBias);
    }

    /**
     * Q W_q, by head.
     *
     * @param store the parameters
     * @param x (b, n, dModel)
     * @param training whether gradients are kept
     * @return (b, h, n, d)
     */
    protected final NDArray query(ParameterStore store, NDArray x, boolean training) {
        return split(linear(store, x, queryWeight, queryBias, training));
    }

    /**
     * K W_k, by head.
     *
     * @param store the parameters
     * @param x (b, m, dModel)
     * @param training whether gradients are kept
     * @return (b, h, m, d)
     */
    protected final NDArray key(ParameterStore store, NDArray x, boolean training) {
        return split(linear(store, x, keyWeight, keyBias, training));
    }

    /**
     * V W_v, by head.
     *
     * @param store the parameters
     * @param x (b, m, dModel)
     * @param training whether gradients are kept
     * @return (b, h, m, d)
     */
    protected final NDArray value(ParameterStore store, NDArray x, boolean training) {
        return split(linear(store, x, valueWeight, valueBias, training));
    }

    /**
     * E (K W_k + 1 bᵀ) = (E K) W_k + (E 1) bᵀ, by head: the keys of rows that are sums of positions.
     *
     * @param store the parameters
     * @param sums E K, (b, k, dModel)
     * @param weights E 1, (b, k, 1) or (k, 1): the weight that each row sums up; null if there is no bias
     * @param training whether gradients are kept
     * @return (b, h, k, d)
     */
    protected final NDArray keyOfSums(ParameterStore store, NDArray sums, @Nullable NDArray weights, boolean training) {
        return split(linearOfSums(store, sums, weights, keyWeight, keyBias, training));
    }

    /**
     * F (V W_v + 1 bᵀ) = (F V) W_v + (F 1) bᵀ, by head.
     *
     * @param store the parameters
     * @param sums F V, (b, k, dModel)
     * @param weights F 1, (b, k, 1) or (k, 1); null if there is no bias
     * @param training whether gradients are kept
     * @return (b, h, k, d)
     */
    protected final NDArray valueOfSums(
            ParameterStore store, NDArray sums, @Nullable NDArray weights, boolean training) {
        return split(linearOfSums(store, sums, weights, valueWeight, valueBias, training));
    }

    /**
     * What the queries attend to.
     *
     * @param key (b, h, m, d)
     * @param value (b, h, m, d)
     * @param mask (b, m), 0 where a key gets no attention, or null
     */
    protected record KeysAndValues(
            NDArray key, NDArray value, @Nullable NDArray mask) {}

    /**
     * Computes keys and values: this is what the variants differ in.
     *
     * @param store the parameters
     * @param context (b, m, dModel), what is attended to
     * @param mask (b, m), 1 at a token, or null
     * @param training whether gradients are kept
     * @return keys and values, as many as the variant needs
     */
    protected abstract KeysAndValues keysAndValues(
            ParameterStore store, NDArray context, @Nullable NDArray mask, boolean training);

    /**
     * The keys and values of full attention: one for each position.
     *
     * @param store the parameters
     * @param context (b, m, dModel), what is attended to
     * @param mask (b, m), 1 at a token, or null
     * @param training whether gradients are kept
     * @return as many keys and values as positions
     */
    protected final KeysAndValues everyPosition(
            ParameterStore store, NDArray context, @Nullable NDArray mask, boolean training) {
        // zero at padding: a huge number there would outweigh the penalty
        NDArray tokens = mask == null ? context : context.mul(mask.expandDims(2)); // (b, m, dModel)
        return new KeysAndValues(key(store, tokens, training), value(store, tokens, training), mask);
    }

    /**
     * Returns whether each of m positions is a key and value of its own, for every query.
     *
     * @param m length of what is attended to
     * @return whether this is full attention, unless it is causal
     */
    protected abstract boolean isFull(long m);

    /**
     * Returns whether x attends to all of itself: whether y is softmax(Q Kᵀ / √d) V for these inputs.
     *
     * @param inputs as in forward
     * @return whether this is full self-attention
     * @throws IllegalArgumentException as forward does
     */
    public final boolean isFull(NDList inputs) {
        Inputs checked = check(inputs);
        NDArray x = checked.x();
        return x == checked.context() && !heads.causal() && isFull(x.getShape().get(1));
    }

    @Override
    protected final NDArray attend(ParameterStore store, Inputs inputs, boolean training) {
        NDArray attended = attend(store, query(store, inputs.x(), training), inputs, training); // (b, h, n, d)
        return linear(store, merge(attended), outputWeight, outputBias, training); // (b, n, dModel)
    }

    /**
     * Lets each query attend; here, all of them to the same keys and values.
     *
     * @param store the parameters
     * @param query (b, h, n, d)
     * @param inputs the inputs
     * @param training whether dropout acts
     * @return (b, h, n, d)
     */
    protected NDArray attend(ParameterStore store, NDArray query, Inputs inputs, boolean training) {
        return attend(query, keysAndValues(store, inputs.context(), inputs.mask(), training), training);
    }

    /**
     * softmax(Q Kᵀ / √d) V: fused, and as it is written where a part of the map is dropped or PyTorch is not the
     * engine.
     *
     * @param query (b, h, n, d)
     * @param slots what is attended to
     * @param training whether dropout acts
     * @return (b, h, n, d)
     */
    protected final NDArray attend(NDArray query, KeysAndValues slots, boolean training) {
        boolean dropsOut = training && heads.dropout() > 0;
        if (!dropsOut && TorchScript.takes(query)) {
            NDArray penalty = penalty(query, slots);
            return penalty == null
                    ? TorchScript.ATTENTION.apply(query, slots.key(), slots.value())
                    : TorchScript.MASKED_ATTENTION.apply(query, slots.key(), slots.value(), penalty);
        }
        NDArray map = map(query, slots); // (b, h, n, m)
        if (dropsOut) {
            map = Dropout.dropout(map, heads.dropout(), true).singletonOrThrow(); // (b, h, n, m)
        }
        return typed(map, slots.value()).matMul(slots.value());
    }

    /**
     * The attention map alone, without dropout: softmax(Q Kᵀ / √d).
     *
     * @param store the parameters
     * @param inputs as in forward
     * @return (b, h, n, m), the m keys being slots where the variant projects, for every query, also where some are
     *     exact; rows of padding mean nothing
     * @throws IllegalArgumentException as forward does
     */
    public final NDArray attentionMap(ParameterStore store, NDList inputs) {
        Inputs checked = check(inputs);
        try (NDManager scope = inputs.head().getManager().newSubManager()) {
            scope.tempAttachAll(inputs);
            Inputs typed = typed(checked);
            KeysAndValues slots = keysAndValues(store, typed.context(), typed.mask(), false);
            return scope.ret(map(query(store, typed.x(), false), slots));
        }
    }

    private NDArray map(NDArray query, KeysAndValues slots) {
        NDArray root = query.getManager()
                .full(new Shape(), heads.headDim(), DataType.FLOAT64)
                .sqrt(); // ()
        NDArray scores = query.matMul(slots.key().div(root).swapAxes(2, 3)); // (b, h, n, m)
        NDArray penalty = penalty(query, slots);
        return float32(penalty == null ? scores : scores.add(penalty)).softmax(-1); // (b, h, n, m)
    }

    /** What is added to scores, so large that it leaves no attention: (b, 1, 1, m) or (.., n, m); null for nothing. */
    private @Nullable NDArray penalty(NDArray query, KeysAndValues slots) {
        NDArray mask = slots.mask();
        if (mask == null && !heads.causal()) {
            return null;
        }
        NDManager manager = query.getManager();
        NDArray size =
                manager.full(new Shape(), query.getDataType() == DataType.FLOAT16 ? FLOAT16_PENALTY : PENALTY); // ()
        NDArray penalty =
                mask == null ? null : mask.sub(1).mul(size).expandDims(1).expandDims(1); // (b, 1, 1, m)
        if (!heads.causal()) {
            return penalty;
        }
        int n = (int) query.getShape().get(2);
        int m = (int) slots.key().getShape().get(2);
        NDArray isLater = manager.arange(m).gt(manager.arange(n).expandDims(1)); // (n, m)
        NDArray ofLater = typed(isLater, query).mul(size).neg(); // (n, m)
        return penalty == null ? ofLater : penalty.add(ofLater); // (n, m) or (b, 1, n, m)
    }

    private NDArray linear(
            ParameterStore store, NDArray x, Parameter weight, @Nullable Parameter bias, boolean training) {
        NDArray w = parameter(store, weight, x, training);
        NDArray b = bias == null ? null : parameter(store, bias, x, training);
        if (isPacked()) {
            return b == null ? Packed.LINEAR_WITHOUT_BIAS.apply(x, w) : Packed.LINEAR.apply(x, w, b);
        }
        return Linear.linear(x, w, b).singletonOrThrow();
    }

    private NDArray linearOfSums(
            ParameterStore store,
            NDArray sums,
            @Nullable NDArray weights,
            Parameter weight,
            @Nullable Parameter bias,
            boolean training) {
        NDArray y = linear(store, sums, weight, null, training); // (b, k, h * d)
        return bias == null || weights == null
                ? y
                : y.add(weights.mul(parameter(store, bias, sums, training))); // (b, k, h * d)
    }

    /** (b, m, h * d) to (b, h, m, d). */
    private NDArray split(NDArray x) {
        return x.reshape(x.getShape().get(0), -1, heads.numHeads(), heads.headDim())
                .swapAxes(1, 2);
    }

    /** (b, h, n, d) to (b, n, h * d). */
    private NDArray merge(NDArray x) {
        return x.swapAxes(1, 2).reshape(x.getShape().get(0), -1, (long) heads.numHeads() * heads.headDim());
    }
}
