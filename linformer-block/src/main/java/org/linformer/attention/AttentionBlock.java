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
 * Attention as a DJL block, with two optional inputs behind the first:
 *
 * <pre>
 *   x (b, n, dModel)                                             to y (b, n, dModel)   x attends to itself
 *   x (b, n, dModel), mask (b, n)                                to y                  some positions are padding
 *   x (b, n, dModel), context (b, m, dModel) [, mask (b, m)]     to y                  x attends to another text
 * </pre>
 *
 * <p>The mask is 1 at a token and 0 at padding of what is attended to; what stands in the padding has no influence on y
 * at a token. A row of a batch gets what it would get alone. The inputs are checked here and nowhere else.
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
     * The checked inputs.
     *
     * @param x (b, n, dModel), what attends
     * @param context (b, m, dModel), what is attended to: x itself in self-attention
     * @param mask (b, m) in the type of x, or null where every position is a token
     */
    protected record Inputs(
            NDArray x, NDArray context, @Nullable NDArray mask) {}

    /**
     * Attends.
     *
     * @param store the parameters
     * @param inputs the checked inputs
     * @param training whether dropout acts
     * @return (b, n, dModel)
     */
    protected abstract NDArray attend(ParameterStore store, Inputs inputs, boolean training);

    /**
     * Attends.
     *
     * @throws IllegalArgumentException if an input has another shape, or if m is not in [1, maxLength]
     */
    @Override
    protected final NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        Inputs checked = check(inputs);
        try (NDManager scope = inputs.head().getManager().newSubManager()) {
            scope.tempAttachAll(inputs);
            return scope.ret(new NDList(attend(store, typed(checked), training)));
        }
    }

    /** The mask in the type of x: made where the inputs are attached, as it may be a new array. */
    static Inputs typed(Inputs inputs) {
        NDArray mask = inputs.mask();
        return mask == null
                ? inputs
                : new Inputs(
                        inputs.x(), inputs.context(), mask.toType(inputs.x().getDataType(), false));
    }

    final Inputs check(NDList inputs) {
        NDArray x = inputs.head();
        requireRows("x", "n", x.getShape());
        boolean isCross = inputs.size() > 1 && inputs.get(1).getShape().dimension() == 3;
        NDArray context = isCross ? inputs.get(1) : x;
        if (isCross) {
            requireRows("context", "m", context.getShape());
            if (context.getShape().get(0) != x.getShape().get(0)) {
                throw new IllegalArgumentException("context must have the b=%d of x, but is %s"
                        .formatted(x.getShape().get(0), context.getShape()));
            }
        }
        long m = context.getShape().get(1);
        if (m < 1 || m > maxLength) {
            throw new IllegalArgumentException(
                    "%s must be in [1, maxLength=%d], but is %d".formatted(isCross ? "m" : "n", maxLength, m));
        }
        int last = isCross ? 2 : 1;
        if (inputs.size() > last + 1) {
            throw new IllegalArgumentException(
                    "inputs must be x, context and mask at most, but are %d arrays".formatted(inputs.size()));
        }
        NDArray mask = inputs.size() > last ? inputs.get(last) : null;
        Shape expected = new Shape(x.getShape().get(0), m);
        if (mask != null && !mask.getShape().equals(expected)) {
            throw new IllegalArgumentException(
                    "mask must be (b, %s)=%s, but is %s".formatted(isCross ? "m" : "n", expected, mask.getShape()));
        }
        return new Inputs(x, context, mask);
    }

    private void requireRows(String name, String length, Shape shape) {
        if (shape.dimension() != 3 || shape.get(2) != dModel) {
            throw new IllegalArgumentException(
                    "%s must be (b, %s, dModel=%d), but is %s".formatted(name, length, dModel, shape));
        }
    }

    @Override
    public final Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }
}
