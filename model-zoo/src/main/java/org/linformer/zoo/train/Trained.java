package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;

/** What a training changes in a model: weights as they are, and {@linkplain LowRank low-rank updates} of matrices. */
final class Trained {

    private final Map<String, NDArray> weights = new LinkedHashMap<>();
    private final Map<String, Float> rates = new LinkedHashMap<>();
    private final Map<String, LowRank> lowRank = new LinkedHashMap<>();
    private final Set<Parameter> frozen;

    /** Nothing of a model, until it is added. */
    Trained(EncoderModel block) {
        frozen = block.getParameters().values().stream()
                .filter(parameter -> !parameter.requiresGradient())
                .collect(Collectors.toSet());
        block.freezeParameters(true);
    }

    /** Whether a weight is an E or F of Linformer. */
    static boolean isProjection(String name) {
        return name.matches(".*\\.[EF]");
    }

    /** Whether a weight is none of the vectors that biases and normalisations are; a projection's bias can have a row a head. */
    static boolean isMatrix(String name, NDArray weight) {
        return weight.getShape().dimension() > 1 && !name.endsWith(".bias");
    }

    /** Trains a parameter as it is, unless its rate is 0 or the model's configuration froze it. */
    void add(String name, Parameter parameter, float rate) {
        if (rate == 0 || frozen.contains(parameter)) {
            return;
        }
        parameter.freeze(false);
        parameter.getArray().setRequiresGradient(true);
        add(name, parameter.getArray(), rate);
    }

    /** Trains an update of a matrix. */
    void addLowRank(String name, Parameter parameter, int rank, float rate) {
        parameter.freeze(false);
        LowRank update = LowRank.of(parameter.getArray(), rank);
        lowRank.put(name, update);
        add(name + Updates.A, update.a(), rate);
        add(name + Updates.B, update.b(), rate);
    }

    private void add(String name, NDArray weight, float rate) {
        weights.put(name, weight);
        rates.put(name, rate);
    }

    Map<String, NDArray> weights() {
        return weights;
    }

    long size() {
        return weights.values().stream().mapToLong(NDArray::size).sum();
    }

    /** Puts the updates as they are now into the model. */
    void merge() {
        lowRank.values().forEach(LowRank::merge);
    }

    /** Moves what is trained against the gradients of the model's parameters, which are zero afterwards. */
    void step(AdamW optimizer, int number, float share) {
        try (NDManager scope = weights.values().iterator().next().getManager().newSubManager()) {
            Map<String, NDArray> gradients = new HashMap<>();
            lowRank.forEach((name, update) -> {
                LowRank.Gradients both = update.gradients(scope);
                gradients.put(name + Updates.A, both.a());
                gradients.put(name + Updates.B, both.b());
            });
            weights.forEach((name, weight) -> {
                if (!gradients.containsKey(name)) {
                    NDArray gradient = weight.getGradient();
                    gradient.attach(scope);
                    gradients.put(name, gradient);
                }
            });
            optimizer.step(number, share, gradients);
        }
        merge();
    }

    AdamW optimizer(NDManager manager, float weightDecay, float maxGradientNorm) {
        if (weights.isEmpty()) {
            throw new IllegalArgumentException("rates of the recipe must let something learn, but are 0 for all");
        }
        return new AdamW(manager, weights, rates, weightDecay, maxGradientNorm);
    }

    /** Writes the {@link Updates}. */
    void save(Path file) throws IOException {
        Weights.save(weights, file, DataType.FLOAT16);
    }
}
