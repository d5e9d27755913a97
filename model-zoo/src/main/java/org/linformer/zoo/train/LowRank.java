package org.linformer.zoo.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Parameters some of which are W + B A, where W (out, in) is frozen, and B (out, r) and A (r, in) are trained: Hu et al.
 * 2021, "LoRA", https://arxiv.org/abs/2106.09685, section 4.1, without its factor α / r. B starts at zero, so that training
 * starts from W.
 */
final class LowRank extends ParameterStore {

    /** The factors of one update. */
    record Factors(NDArray a, NDArray b) {

        private static final float DEVIATION = 0.02f;

        static Factors of(NDArray weight, int rank) {
            NDManager manager = weight.getManager();
            Shape shape = weight.getShape();
            return new Factors(
                    manager.randomNormal(0, DEVIATION, new Shape(rank, shape.get(1)), weight.getDataType()),
                    manager.zeros(new Shape(shape.get(0), rank), weight.getDataType()));
        }
    }

    private final NDManager scope;
    private final Map<Parameter, Factors> updates;

    /**
     * Constructs the store of one forward pass.
     *
     * @param scope owner of the sums
     * @param updates the factors by parameter
     */
    LowRank(NDManager scope, Map<Parameter, Factors> updates) {
        super(scope, false);
        this.scope = scope;
        this.updates = Map.copyOf(updates);
    }

    @Override
    public @Nullable NDArray getValue(@Nullable Parameter parameter, Device device, boolean training) {
        NDArray weight = super.getValue(parameter, device, training);
        Factors factors = parameter == null ? null : updates.get(parameter);
        return factors == null ? weight : view(weight).add(view(factors.b()).matMul(view(factors.a())));
    }

    /** What is made of a view belongs to the scope. */
    private NDArray view(NDArray array) {
        return array.get(scope, new NDIndex("..."));
    }
}
