package org.linformer.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.NormalInitializer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Linformer self-attention: keys and values are projected along the length onto k slots, so the scores cost O(nk) and
 * not O(n²).
 *
 * <p>Wang et al. 2020, "Linformer: Self-Attention with Linear Complexity", https://arxiv.org/abs/2006.04768, equation 7:
 * head_i = softmax(Q W_q (E_i K W_k)ᵀ / √d) (F_i V W_v).
 *
 * <p>Nomenclature, ours and the paper's: {@code maxLength} is n, the length that E and F are built for; {@code n} here is
 * the length of this input, which may be shorter (E and F are then their first n columns); {@code headDim} is d_k = d_v;
 * {@code dModel} is d_m; {@link Sharing} is "parameter sharing between projections", section 4.
 *
 * <p><b>Order.</b> Where E is shared by the heads, E (K W_k) is computed as (E K) W_k, on k rows and not on n, which is
 * equal to it; a bias of W_k comes in as (E 1) bᵀ.
 *
 * <p><b>Padding.</b> A padded position counts as a key and value of zero, after the bias: it adds nothing to any slot.
 *
 * <p><b>Short texts.</b> With {@code exactWhenShort}, a row whose tokens all lie in its first k positions is attended to
 * exactly: E and F are then the identity and the slots of padding get no attention, which is full attention. Low rank
 * saves nothing there.
 *
 * <p><b>Not causal.</b> Every slot mixes all positions, the future too, and a mask over slots cannot take it out again.
 * There is no causal mode.
 */
public final class LinformerAttention extends MultiHeadAttention {

    private static final byte VERSION = 1;

    /** Who shares the projections E and F (section 4). */
    public enum Sharing {
        /** Each head of each layer has its own E and F. */
        NONE,
        /** Each layer has one E and one F. */
        HEADWISE,
        /** Each layer has one E, which is F too. */
        KEY_VALUE,
        /** All layers together have one E, which is F too. */
        LAYERWISE
    }

    /** Where training of E and F starts. */
    public enum Initialization {
        /** N(0, 1/k), the distribution of the theorems: every slot mixes all positions. */
        GAUSSIAN,
        /** Slot j is position ⌊j * maxLength / k⌋ alone, so that each slot starts as one real key. */
        STRIDED;

        private Initializer initializer(int k) {
            return switch (this) {
                case GAUSSIAN -> new NormalInitializer((float) (1 / Math.sqrt(k)));
                case STRIDED ->
                    (manager, shape, type) -> {
                        float[] e = new float[(int) shape.size()];
                        int length = (int) shape.get(shape.dimension() - 1);
                        for (int row = 0; row < e.length / length; row++) {
                            e[row * length + (int) ((long) (row % k) * length / k)] = 1;
                        }
                        return manager.create(e, shape).toType(type, false);
                    };
            };
        }
    }

    /**
     * What the block is built from.
     *
     * @param heads the heads
     * @param maxLength longest input, in positions
     * @param k projected length, at most maxLength
     * @param sharing who shares E and F
     * @param initialization where training of E and F starts
     * @param exactWhenShort whether rows of at most k positions get exact attention
     */
    public record Config(
            Heads heads, int maxLength, int k, Sharing sharing, Initialization initialization, boolean exactWhenShort)
            implements AttentionConfig {
        public Config {
            requirePositive("maxLength", maxLength);
            if (k < 1 || k > maxLength) {
                throw new IllegalArgumentException("k must be in [1, maxLength=%d], but is %d".formatted(maxLength, k));
            }
        }

        @Override
        public int dModel() {
            return heads.dModel();
        }

        @Override
        public List<AttentionBlock> newBlocks(int numLayers) {
            List<AttentionBlock> blocks = new ArrayList<>();
            Parameter shared = null;
            for (int i = 0; i < numLayers; i++) {
                LinformerAttention block = new LinformerAttention(this, shared);
                if (sharing == Sharing.LAYERWISE) {
                    shared = block.projectionE;
                }
                blocks.add(block);
            }
            return blocks;
        }
    }

    private final Config config;
    private final Parameter projectionE;
    private final Parameter projectionF;

    private LinformerAttention(Config config, @Nullable Parameter sharedE) {
        super(VERSION, config, config.heads());
        this.config = config;
        // the order of these calls is the checkpoint format; a shared parameter belongs to the first layer
        projectionE = sharedE == null ? projection("self.E") : sharedE;
        boolean oneMatrix = config.sharing() == Sharing.KEY_VALUE || config.sharing() == Sharing.LAYERWISE;
        projectionF = oneMatrix ? projectionE : projection("self.F");
    }

    private Parameter projection(String name) {
        return addParameter(Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.OTHER)
                .optShape(
                        config.sharing() == Sharing.NONE
                                ? new Shape(config.heads().numHeads(), config.k(), config.maxLength())
                                : new Shape(config.k(), config.maxLength()))
                .optInitializer(config.initialization().initializer(config.k()))
                .build());
    }

    @Override
    protected NDArray attend(ParameterStore store, NDArray x, @Nullable NDArray mask, boolean training) {
        NDArray query = query(store, x, training); // (b, h, n, d)
        if (config.exactWhenShort() && x.getShape().get(1) <= config.k()) {
            return attend(store, query, key(store, x, training), value(store, x, training), mask, training);
        }
        NDArray e = firstColumns(store, projectionE, x, training); // (k, n), or (h, k, n) if nothing is shared
        NDArray f = projectionF == projectionE ? e : firstColumns(store, projectionF, x, training);
        NDArray isShort = mask == null || !config.exactWhenShort() ? null : isShort(mask); // (b)
        NDArray key; // (b, h, k, d)
        NDArray value; // (b, h, k, d)
        if (config.sharing() == Sharing.NONE) {
            key = project(e, masked(key(store, x, training), mask, 1, 3), isShort);
            value = project(f, masked(value(store, x, training), mask, 1, 3), isShort);
        } else {
            NDArray tokens = masked(x, mask, 2); // (b, n, dModel)
            NDArray keySums = project(e, tokens, isShort); // (b, k, dModel)
            NDArray valueSums = e == f ? keySums : project(f, tokens, isShort); // (b, k, dModel)
            key = keyOfSums(store, keySums, weights(e, mask, isShort), training);
            value = valueOfSums(store, valueSums, weights(f, mask, isShort), training);
        }
        return attend(
                store, query, key, value, mask == null || isShort == null ? null : slotMask(mask, isShort), training);
    }

    /** E for an input of this length. */
    private static NDArray firstColumns(ParameterStore store, Parameter projection, NDArray x, boolean training) {
        // asked for on the manager of x: by default it would be left on the parameter's
        return store.getValue(projection, x.getDevice(), training)
                .get(x.getManager(), new NDIndex("..., :{}", x.getShape().get(1)));
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
        return mask.get(new NDIndex(":, {}:", config.k()))
                .sum(new int[] {1})
                .eq(0)
                .toType(mask.getDataType(), false);
    }

    /** E rows, or the first k rows themselves where the text is short: (.., n, c) to (.., k, c). */
    private NDArray project(NDArray e, NDArray rows, @Nullable NDArray isShort) {
        NDArray sums = e.matMul(rows); // (b, k, dModel) or (b, h, k, d)
        return isShort == null ? sums : choose(isShort, rows.get(new NDIndex("..., :{}, :", config.k())), sums);
    }

    /** E 1 over the tokens, (b, k); without a mask it is the same for the whole batch, (k). */
    private NDArray weights(NDArray e, @Nullable NDArray mask, @Nullable NDArray isShort) {
        if (mask == null) {
            return e.sum(new int[] {1}); // (k)
        }
        NDArray sums = mask.matMul(e.transpose()); // (b, k)
        return isShort == null ? sums : choose(isShort, firstColumns(mask), sums);
    }

    /** All slots of a long text, the tokens of a short one: (b, k). */
    private NDArray slotMask(NDArray mask, NDArray isShort) {
        return choose(isShort, firstColumns(mask), firstColumns(mask).onesLike());
    }

    private NDArray firstColumns(NDArray mask) {
        return mask.get(new NDIndex(":, :{}", config.k()));
    }

    private static NDArray choose(NDArray isShort, NDArray ifShort, NDArray otherwise) {
        NDArray condition = isShort.reshape(isShort.getShape().get(0), 1); // (b, 1, ..)
        while (condition.getShape().dimension() < otherwise.getShape().dimension()) {
            condition = condition.expandDims(1);
        }
        return otherwise.add(ifShort.sub(otherwise).mul(condition));
    }
}
