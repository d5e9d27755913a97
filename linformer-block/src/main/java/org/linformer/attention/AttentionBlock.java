package org.linformer.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/**
 * Self-attention as a DJL block: x (b, n, dModel) and, as an optional second input, mask (b, n) to y (b, n, dModel).
 *
 * <p>The mask is 1 at a token and 0 at padding; what stands in the padding has no influence on y at a token. A row of a
 * batch gets what it would get alone. The inputs are checked here and nowhere else.
 */
public abstract class AttentionBlock extends AbstractBlock {

    private final int dModel;
    private final int maxLength;

    /**
     * Constructs a block.
     *
     * @param version version of the parameters' layout
     * @param config its width and longest input
     */
    protected AttentionBlock(byte version, AttentionConfig config) {
        super(version);
        dModel = config.dModel();
        maxLength = config.maxLength();
    }

    /**
     * Attends, with inputs that have been checked.
     *
     * @param store the parameters
     * @param x (b, n, dModel)
     * @param mask (b, n) in the type of x, or null where every position is a token
     * @param training whether dropout acts
     * @return (b, n, dModel)
     */
    protected abstract NDArray attend(ParameterStore store, NDArray x, @Nullable NDArray mask, boolean training);

    /**
     * Attends.
     *
     * @throws IllegalArgumentException if x is not (b, n, dModel) with n in [1, maxLength], or the mask not (b, n)
     */
    @Override
    protected final NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        NDArray x = inputs.head();
        NDArray mask = inputs.size() > 1 ? inputs.get(1) : null;
        check(x.getShape(), mask == null ? null : mask.getShape());
        try (NDManager scope = x.getManager().newSubManager()) {
            scope.tempAttachAll(inputs);
            NDArray typedMask = mask == null ? null : mask.toType(x.getDataType(), false);
            return scope.ret(new NDList(attend(store, x, typedMask, training)));
        }
    }

    private void check(Shape x, @Nullable Shape mask) {
        if (x.dimension() != 3 || x.get(2) != dModel) {
            throw new IllegalArgumentException("x must be (b, n, dModel=%d), but is %s".formatted(dModel, x));
        }
        if (x.get(1) < 1 || x.get(1) > maxLength) {
            throw new IllegalArgumentException(
                    "n must be in [1, maxLength=%d], but is %d".formatted(maxLength, x.get(1)));
        }
        Shape expected = new Shape(x.get(0), x.get(1));
        if (mask != null && !mask.equals(expected)) {
            throw new IllegalArgumentException("mask must be (b, n)=%s, but is %s".formatted(expected, mask));
        }
    }

    @Override
    public final Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }
}
