package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * AdamW (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101) over named parameters, with the gradient's norm
 * bounded over all of them. DJL's own has neither that bound nor a state that can be saved.
 */
final class AdamW implements AutoCloseable {

    private static final float BETA1 = 0.9f;
    private static final float BETA2 = 0.999f;
    private static final float EPSILON = 1e-8f;

    private final NDManager manager;
    private final Map<String, NDArray> weights;
    private final Map<String, Float> learningRates;
    private final Map<String, NDArray> means = new LinkedHashMap<>();
    private final Map<String, NDArray> variances = new LinkedHashMap<>();
    private final float weightDecay;
    private final float maxGradientNorm;

    /**
     * Prepares the averages.
     *
     * @param weights what is trained
     * @param learningRates peak of the learning rate of each
     */
    AdamW(
            NDManager parent,
            Map<String, NDArray> weights,
            Map<String, Float> learningRates,
            float weightDecay,
            float maxGradientNorm) {
        this.weights = new LinkedHashMap<>(weights);
        this.learningRates = Map.copyOf(learningRates);
        this.weightDecay = weightDecay;
        this.maxGradientNorm = maxGradientNorm;
        manager = parent.newSubManager();
        weights.forEach((name, weight) -> {
            means.put(name, manager.zeros(weight.getShape(), weight.getDataType()));
            variances.put(name, manager.zeros(weight.getShape(), weight.getDataType()));
        });
    }

    /**
     * Moves the weights against their gradients, which are zero afterwards.
     *
     * @param step number of this step, from 1
     * @param share of the peaks of the learning rates
     * @param gradients of all weights
     */
    void step(int step, float share, Map<String, NDArray> gradients) {
        double sum = 0;
        for (NDArray gradient : gradients.values()) {
            try (NDArray flat = gradient.flatten();
                    NDArray norm = flat.norm()) {
                sum += (double) norm.getFloat() * norm.getFloat();
            }
        }
        float norm = (float) Math.sqrt(sum);
        float rescale = norm > maxGradientNorm ? maxGradientNorm / norm : 1;
        double correction = Math.sqrt(1 - Math.pow(BETA2, step)) / (1 - Math.pow(BETA1, step));
        weights.forEach((name, weight) -> {
            float learningRate = Objects.requireNonNull(learningRates.get(name)) * share;
            weight.getNDArrayInternal()
                    .adamUpdate(
                            new NDList(weight, gradients.get(name), means.get(name), variances.get(name)),
                            new NDList(weight),
                            learningRate,
                            (float) (learningRate * correction),
                            Trained.isMatrix(name, weight) ? weightDecay : 0,
                            rescale,
                            -1,
                            BETA1,
                            BETA2,
                            EPSILON,
                            true,
                            true);
        });
    }

    /** The averages, by names of their own: what a checkpoint keeps. */
    Map<String, NDArray> state() {
        Map<String, NDArray> state = new LinkedHashMap<>();
        means.forEach((name, mean) -> state.put("mean." + name, mean));
        variances.forEach((name, variance) -> state.put("variance." + name, variance));
        return state;
    }

    @Override
    public void close() {
        manager.close();
    }
}
