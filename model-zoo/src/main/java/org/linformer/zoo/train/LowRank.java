package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;

/**
 * A matrix that is W + B A, where W (out, in) is frozen, and B (out, r) and A (r, in) are trained: Hu et al. 2021,
 * "LoRA", https://arxiv.org/abs/2106.09685, section 4.1, without its factor α / r. B starts at zero, so that training
 * starts from W. The sum is made once a step and has the gradient G, which gives those of the factors: B's is G Aᵀ, and
 * A's is Bᵀ G.
 *
 * @param start W
 * @param sum W + B A, which the model computes with
 * @param a A
 * @param b B
 */
record LowRank(NDArray start, NDArray sum, NDArray a, NDArray b) {

    private static final float DEVIATION = 0.02f;

    /** The matrix of a model, which becomes the sum. */
    static LowRank of(NDArray weight, int rank) {
        NDManager manager = weight.getManager();
        Shape shape = weight.getShape();
        LowRank update = new LowRank(
                weight.duplicate(),
                weight,
                manager.randomNormal(0, DEVIATION, new Shape(rank, shape.get(1)), weight.getDataType()),
                manager.zeros(new Shape(shape.get(0), rank), weight.getDataType()));
        weight.setRequiresGradient(true);
        return update;
    }

    /** Makes the sum of what the factors are now. */
    void merge() {
        try (NDManager scope = sum.getManager().newSubManager()) {
            in(scope, b).matMul(in(scope, a)).add(start).copyTo(sum);
        }
    }

    /** Takes the gradient of the sum, which is zero afterwards. */
    LowRank.Gradients gradients(NDManager scope) {
        NDArray gradient = sum.getGradient(); // (out, in)
        gradient.attach(scope);
        Gradients both = new Gradients(
                in(scope, b).transpose().matMul(gradient),
                gradient.matMul(in(scope, a).transpose()));
        gradient.subi(gradient);
        return both;
    }

    /** Those of A (r, in) and B (out, r). */
    record Gradients(NDArray a, NDArray b) {}

    /** What is made of a view belongs to the scope. */
    private static NDArray in(NDManager scope, NDArray array) {
        return array.get(scope, new NDIndex("..."));
    }
}
