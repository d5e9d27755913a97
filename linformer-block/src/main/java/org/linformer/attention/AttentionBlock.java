package org.linformer.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
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
 * <p>The mask is 1 at a token and 0 at padding of what is attended to; what stands in the padding, any finite numbers,
 * has no influence on y at a token. A row of a batch gets what it would get alone. The inputs are checked here and
 * nowhere else.
 */
public abstract class AttentionBlock extends AbstractBlock {

    private final int dModel;
    private final int maxLength;
    private boolean isBfloat16;
    private boolean isPacked;
    private boolean isTrainable = true;

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
        if (training && !isTrainable) {
            throw new IllegalStateException(
                    "a block must have float32 parameters to be trained, but has them in bfloat16 or packed");
        }
        Inputs checked = check(inputs);
        try (NDManager scope = inputs.head().getManager().newSubManager()) {
            scope.tempAttachAll(inputs);
            NDArray y = attend(store, typed(checked), training);
            return scope.ret(new NDList(float32(y)));
        }
    }

    /**
     * Computes in bfloat16 from now on, inputs and outputs staying float32: faster on a processor that has it, with 8
     * bits of precision. Inference only, and not to be saved or turned back.
     *
     * @throws IllegalStateException if PyTorch is not the engine, or the parameters are not float32
     */
    public final void toBfloat16() {
        TorchScript.toBfloat16(this);
        isBfloat16 = true;
        isTrainable = false;
    }

    /**
     * Computes in bfloat16 from now on, inputs, outputs, parameters and their gradients staying float32: mixed
     * precision training (Micikevicius et al. 2017, https://arxiv.org/abs/1710.03740), without loss scaling, as
     * bfloat16 has the range of float32.
     *
     * @throws IllegalStateException if PyTorch is not the engine, or the parameters are in bfloat16 or packed
     */
    public final void toMixedPrecision() {
        TorchScript.requireAvailable("mixed precision");
        if (!isTrainable) {
            throw new IllegalStateException(
                    "a block must have float32 parameters for mixed precision, but has them in bfloat16 or packed");
        }
        isBfloat16 = true;
    }

    /**
     * Keeps the matrices as the processor multiplies by them from now on, so that they need not be laid out anew each
     * time. Inference only, and not to be saved or turned back.
     *
     * @throws IllegalStateException if the parameters are neither float32 nor bfloat16, or not on a CPU whose PyTorch
     *     has oneDNN, or if the block is in mixed precision
     */
    public final void pack() {
        if (isBfloat16 && isTrainable) {
            throw new IllegalStateException("a block must not be in mixed precision to be packed, but is");
        }
        Packed.pack(this);
        isPacked = true;
        isTrainable = false;
    }

    /** Whether the matrices are packed. */
    final boolean isPacked() {
        return isPacked;
    }

    /** The inputs in the type that the block computes in: made where they are attached, as they may be new arrays. */
    final Inputs typed(Inputs inputs) {
        NDArray x = isBfloat16 ? TorchScript.TO_BFLOAT16.apply(inputs.x()) : inputs.x();
        boolean isSelf = inputs.context() == inputs.x();
        NDArray context = isSelf ? x : isBfloat16 ? TorchScript.TO_BFLOAT16.apply(inputs.context()) : inputs.context();
        NDArray mask = inputs.mask();
        return new Inputs(x, context, mask == null ? null : typed(mask, x));
    }

    /**
     * Brings an array to the type of another.
     *
     * @param array the array
     * @param like of which type
     * @return the array in that type
     */
    static NDArray typed(NDArray array, NDArray like) {
        if (array.getDataType() == like.getDataType()) {
            return array;
        }
        // what PyTorch has and DJL has not is bfloat16
        return like.getDataType() == DataType.UNKNOWN
                ? TorchScript.TO_BFLOAT16.apply(array)
                : array.toType(like.getDataType(), false);
    }

    /**
     * A parameter in the type of the rows that it meets.
     *
     * @param store the parameters
     * @param parameter one of them
     * @param rows what it meets
     * @param training whether gradients are kept
     * @return its array, or one on the manager of the rows
     */
    public static NDArray parameter(ParameterStore store, Parameter parameter, NDArray rows, boolean training) {
        NDArray array = store.getValue(parameter, rows.getDevice(), training);
        // what is made of a parameter belongs to the manager of the parameter: a view does not
        return array.getDataType() == rows.getDataType()
                ? array
                : typed(array.get(rows.getManager(), new NDIndex("...")), rows);
    }

    /** Back to a type that the whole NDArray API knows, where it is not. */
    static NDArray float32(NDArray array) {
        return array.getDataType() == DataType.UNKNOWN ? TorchScript.TO_FLOAT32.apply(array) : array;
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
