package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/** What sits on an encoder: x (b, n, dModel), an optional mask (b, n) and optional positions (p) to one answer. */
public abstract class Head extends AbstractBlock {

    /**
     * Constructs a head.
     *
     * @param version version of the parameters' layout
     */
    protected Head(byte version) {
        super(version);
    }

    /**
     * Answers.
     *
     * @param store the parameters
     * @param x (b, n, dModel)
     * @param mask (b, n) in the type of x, or null where every position is a token
     * @param positions (p), where in the b * n positions an answer is wanted, for a head that answers by position; null
     *     for everywhere
     * @param training whether dropout acts
     * @return the answer
     */
    protected abstract NDArray answer(
            ParameterStore store, NDArray x, @Nullable NDArray mask, @Nullable NDArray positions, boolean training);

    @Override
    protected final NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        NDArray x = inputs.head();
        try (NDManager scope = x.getManager().newSubManager()) {
            scope.tempAttachAll(inputs);
            NDArray mask = inputs.size() > 1 ? inputs.get(1).toType(x.getDataType(), false) : null;
            NDArray positions = inputs.size() > 2 ? inputs.get(2) : null;
            return scope.ret(new NDList(answer(store, x, mask, positions, training)));
        }
    }

    /**
     * The mean over the tokens, or over positions by weights.
     *
     * @param x (b, n, dModel)
     * @param mask (b, n), 1 at a token or any weight, or null for all alike
     * @return (b, dModel), zero for a row without a token
     */
    static NDArray mean(NDArray x, @Nullable NDArray mask) {
        if (mask == null) {
            return x.mean(new int[] {1}); // (b, dModel)
        }
        NDArray sum = mask.expandDims(1).matMul(x).squeeze(1); // (b, dModel)
        NDArray one = x.getManager().ones(new Shape()); // ()
        return sum.div(mask.sum(new int[] {1}, true).maximum(one)); // (b, dModel)
    }
}
