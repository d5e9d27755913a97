package org.linformer.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Linformer attention: keys and values are projected along the length onto k slots, so the scores cost O(nk) and not
 * O(n²).
 *
 * <p>Wang et al. 2020, "Linformer: Self-Attention with Linear Complexity", https://arxiv.org/abs/2006.04768, equation
 * 7: head_i = softmax(Q W_q (E_i K W_k)ᵀ / √d) (F_i V W_v).
 *
 * <p>Nomenclature, ours and the paper's: {@code maxLength} is n, the length that E and F are built for; {@code n} here
 * is the length of this input, which may be shorter (a matrix E is then its first n columns); {@code headDim} is d_k =
 * d_v; {@code dModel} is d_m; {@link Projection} says what E and F are and who shares them, section 4.
 *
 * <p><b>Order.</b> Where E is a linear map that all channels share, E (K W_k) is computed as (E K) W_k, on k rows and
 * not on n, which is equal to it; a bias of W_k comes in as (E 1) bᵀ.
 *
 * <p><b>Padding.</b> A padded position counts as a key and value of zero, after the bias: it adds nothing to any slot.
 *
 * <p><b>Exact where it is short.</b> Low rank saves nothing among the first k positions: {@link Exact} says where
 * attention is full attention.
 *
 * <p><b>Not causal.</b> Every slot mixes all positions, the future too, and a mask over slots cannot take it out again:
 * a causal configuration is refused.
 */
public final class LinformerAttention extends MultiHeadAttention {

    private static final byte VERSION = 1;

    /** Where attention is full attention. */
    public enum Exact {
        /** Nowhere: the paper's attention at each length. */
        NOWHERE,
        /** In a text whose tokens all lie in its first k positions; E and F are then the identity. */
        SHORT_TEXTS,
        /**
         * Among the first k positions of each text, which attend to each other only; the positions behind them attend
         * to the whole text through the slots. The beginning of a text is encoded as it is alone, and a text that grows
         * over k changes no state that it had. Towards another text, attention is exact where that has at most k
         * positions.
         */
        FIRST_POSITIONS
    }

    /**
     * What the block is built from.
     *
     * @param heads the heads
     * @param maxLength longest input, in positions
     * @param k projected length, at most maxLength: one for all layers, or one for each, bottom layer first (section 4,
     *     "nonuniform projected dimension")
     * @param projection what E and F are
     * @param exact where attention is full attention
     */
    public record Config(Heads heads, int maxLength, List<Integer> k, Projection projection, Exact exact)
            implements AttentionConfig {
        public Config {
            requirePositive("maxLength", maxLength);
            if (heads.causal()) {
                throw new IllegalArgumentException("causal must be false for LinformerAttention, as each slot mixes all"
                        + " positions, later ones too, but is true");
            }
            k = List.copyOf(k);
            if (k.isEmpty()) {
                throw new IllegalArgumentException("k must be one number or one for each layer, but is []");
            }
            for (int each : k) {
                if (each < 1 || each > maxLength) {
                    throw new IllegalArgumentException(
                            "k must be in [1, maxLength=%d], but is %d".formatted(maxLength, each));
                }
            }
            if (projection.sharing() == Projection.Sharing.LAYERWISE
                    && k.stream().distinct().count() > 1) {
                throw new IllegalArgumentException(
                        "k must be one number where all layers share one projection, but is " + k);
            }
        }

        /**
         * Constructs a configuration with the same k in all layers.
         *
         * @param heads the heads
         * @param maxLength longest input, in positions
         * @param k projected length, at most maxLength
         * @param projection what E and F are
         * @param exact where attention is full attention
         */
        public Config(Heads heads, int maxLength, int k, Projection projection, Exact exact) {
            this(heads, maxLength, List.of(k), projection, exact);
        }

        @Override
        public int dModel() {
            return heads.dModel();
        }

        /**
         * Builds the blocks.
         *
         * @throws IllegalArgumentException if k is neither one number nor one for each layer
         */
        @Override
        public List<AttentionBlock> newBlocks(int numLayers) {
            if (k.size() != 1 && k.size() != numLayers) {
                throw new IllegalArgumentException(
                        "k must be one number or one for each of numLayers=%d, but is %s".formatted(numLayers, k));
            }
            List<AttentionBlock> blocks = new ArrayList<>();
            LinformerAttention first = null;
            for (int i = 0; i < numLayers; i++) {
                LinformerAttention block = new LinformerAttention(this, k.get(k.size() == 1 ? 0 : i), first);
                if (first == null && projection.sharing() == Projection.Sharing.LAYERWISE) {
                    first = block;
                }
                blocks.add(block);
            }
            return blocks;
        }
    }

    /** E or F. */
    private record Projector(
            @Nullable Parameter weight, @Nullable Parameter bias) {}

    private final Projection projection;
    private final int window;
    private final int slots;
    private final Exact exact;
    private final int numHeads;
    private final boolean projectionBias;
    private final Projector projectorE;
    private final Projector projectorF;

    private LinformerAttention(Config config, int k, @Nullable LinformerAttention shared) {
        super(VERSION, config, config.heads());
        projection = config.projection();
        window = config.maxLength() / k;
        slots = projection.slots(config.maxLength(), k);
        exact = config.exact();
        numHeads = config.heads().numHeads();
        projectionBias = config.heads().projectionBias();
        // the order of these calls is the checkpoint format; a shared projection belongs to the first layer
        projectorE = shared == null ? projector("self.E", config, k) : shared.projectorE;
        boolean isOne = projection.sharing() == Projection.Sharing.KEY_VALUE
                || projection.sharing() == Projection.Sharing.LAYERWISE;
        projectorF = isOne ? projectorE : projector("self.F", config, k);
    }

    private Projector projector(String name, Config config, int k) {
        Parameter weight = projection.weight(name, config.heads(), config.maxLength(), k);
        Parameter bias = projection.bias(name + ".bias", config.heads(), k);
        return new Projector(weight == null ? null : addParameter(weight), bias == null ? null : addParameter(bias));
    }

    @Override
    protected boolean isFull(long m) {
        return exact != Exact.NOWHERE && m <= slots;
    }

    @Override
    protected NDArray attend(ParameterStore store, NDArray query, Inputs inputs, boolean training) {
        NDArray x = inputs.context();
        boolean isSelf = inputs.x() == x;
        if (exact != Exact.FIRST_POSITIONS || !isSelf || isFull(x.getShape().get(1))) {
            return super.attend(store, query, inputs, training);
        }
        NDArray mask = inputs.mask();
        NDArray first = x.get(new NDIndex(":, :{}", slots)); // (b, k, dModel)
        NDArray firstMask = mask == null ? null : mask.get(new NDIndex(":, :{}", slots)); // (b, k)
        NDArray beginning = attend(
                query.get(new NDIndex(":, :, :{}", slots)),
                everyPosition(store, first, firstMask, training),
                training); // (b, h, k, d)
        NDArray rest = attend(
                query.get(new NDIndex(":, :, {}:", slots)),
                slots(store, x, mask, null, training),
                training); // (b, h, n - k, d)
        return beginning.concat(rest, 2);
    }

    @Override
    protected KeysAndValues keysAndValues(
            ParameterStore store, NDArray context, @Nullable NDArray mask, boolean training) {
        return isFull(context.getShape().get(1))
                ? everyPosition(store, context, mask, training)
                : slots(store, context, mask, mask == null || exact == Exact.NOWHERE ? null : isShort(mask), training);
    }

    /** The slots of a long text, and the tokens of each that is short (b). */
    private KeysAndValues slots(
            ParameterStore store,
            NDArray context,
            @Nullable NDArray mask,
            @Nullable NDArray isShort,
            boolean training) {
        NDArray key; // (b, h, k, d)
        NDArray value; // (b, h, k, d)
        if (projection.commutesWithHeads()) {
            NDArray tokens = masked(context, mask, 2); // (b, n, dModel)
            NDArray ones = projectionBias ? ones(context, mask) : null; // (b, n, 1) or (n, 1)
            NDArray keySums = project(store, projectorE, tokens, isShort, training); // (b, k, dModel)
            NDArray keyWeights =
                    ones == null ? null : project(store, projectorE, ones, isShort, training); // (.., k, 1)
            boolean isOne = projectorE.equals(projectorF);
            NDArray valueSums = isOne ? keySums : project(store, projectorF, tokens, isShort, training);
            NDArray valueWeights =
                    isOne || ones == null ? keyWeights : project(store, projectorF, ones, isShort, training);
            key = keyOfSums(store, keySums, keyWeights, training);
            value = valueOfSums(store, valueSums, valueWeights, training);
        } else {
            NDArray keys = masked(key(store, context, training), mask, 1, 3); // (b, h, n, d)
            NDArray values = masked(value(store, context, training), mask, 1, 3); // (b, h, n, d)
            key = project(store, projectorE, keys, isShort, training);
            value = project(store, projectorF, values, isShort, training);
        }
        return new KeysAndValues(
                withBias(store, projectorE, key, isShort, training),
                withBias(store, projectorF, value, isShort, training),
                mask == null || isShort == null ? null : slotMask(mask, isShort));
    }

    /** E rows, or the first k rows themselves where the text is short: (.., n, c) to (.., k, c). */
    private NDArray project(
            ParameterStore store, Projector projector, NDArray rows, @Nullable NDArray isShort, boolean training) {
        NDArray weight = view(store, projector.weight(), rows, training);
        NDArray sums = projection.project(rows, weight, window, slots);
        return isShort == null ? sums : choose(isShort, rows.get(new NDIndex("..., :{}, :", slots)), sums);
    }

    /** A parameter as a view on the manager of the rows: what is made of it would be left on the parameter's. */
    private static @Nullable NDArray view(
            ParameterStore store, @Nullable Parameter parameter, NDArray rows, boolean training) {
        return parameter == null
                ? null
                : parameter(store, parameter, rows, training).get(rows.getManager(), new NDIndex("..."));
    }

    private NDArray withBias(
            ParameterStore store, Projector projector, NDArray rows, @Nullable NDArray isShort, boolean training) {
        NDArray bias = view(store, projector.bias(), rows, training);
        if (bias == null) {
            return rows;
        }
        NDArray sums = rows.add(projection.broadcast(bias, numHeads)); // (b, h, k, d)
        return isShort == null ? sums : choose(isShort, rows, sums);
    }

    /** A column that is 1 at the tokens, in the type of the context. */
    private static NDArray ones(NDArray context, @Nullable NDArray mask) {
        return mask == null
                ? typed(context.getManager().ones(new Shape(context.getShape().get(1), 1)), context)
                : mask.expandDims(2);
    }

    /** Rows of padding become zero. */
    private static NDArray masked(NDArray rows, @Nullable NDArray mask, int... newAxes) {
        if (mask == null) {
            return rows;
        }
        NDArray factor = mask;
        for (int axis : newAxes) {
            factor = factor.expandDims(axis);
        }
        return rows.mul(factor);
    }

    /** 1 for each row of the batch whose tokens all lie in its first k positions: (b, n) to (b). */
    private NDArray isShort(NDArray mask) {
        return typed(mask.get(new NDIndex(":, {}:", slots)).sum(new int[] {1}).eq(0), mask);
    }

    /** All slots of a long text, the tokens of a short one: (b, k). */
    private NDArray slotMask(NDArray mask, NDArray isShort) {
        NDArray tokens = mask.get(new NDIndex(":, :{}", slots)); // (b, k)
        return tokens.sub(1).mul(isShort.expandDims(1)).add(1);
    }

    private static NDArray choose(NDArray isShort, NDArray ifShort, NDArray otherwise) {
        NDArray condition = isShort.reshape(isShort.getShape().get(0), 1); // (b, 1, ..)
        while (condition.getShape().dimension() < otherwise.getShape().dimension()) {
            condition = condition.expandDims(1);
        }
        return ifShort.mul(condition).add(otherwise.mul(condition.neg().add(1))); // exact in any type
    }
}
