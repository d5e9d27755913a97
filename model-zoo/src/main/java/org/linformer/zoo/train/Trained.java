package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;

/** What a training changes in a model: weights as they are, and {@linkplain LowRank low-rank updates} of matrices. */
final class Trained {

    private final Map<String, NDArray> weights = new LinkedHashMap<>();
    private final Map<String, Float> rates = new LinkedHashMap<>();
    private final Map<Parameter, LowRank.Factors> factors = new HashMap<>();

    /** Nothing of a model, until it is added. */
    Trained(EncoderModel block) {
        block.freezeParameters(true);
    }

    /** Trains a parameter as it is. */
    void add(String name, Parameter parameter, float rate) {
        parameter.freeze(false);
        add(name, parameter.getArray(), rate);
    }

    /** Trains an update of a matrix. */
    void addLowRank(String name, Parameter parameter, int rank, float rate) {
        LowRank.Factors both = LowRank.Factors.of(parameter.getArray(), rank);
        factors.put(parameter, both);
        add(name + Updates.A, both.a(), rate);
        add(name + Updates.B, both.b(), rate);
    }

    private void add(String name, NDArray weight, float rate) {
        weight.setRequiresGradient(true);
        weights.put(name, weight);
        rates.put(name, rate);
    }

    Map<String, NDArray> weights() {
        return weights;
    }

    long size() {
        return weights.values().stream().mapToLong(NDArray::size).sum();
    }

    /** The parameters as they are now, for one pass. */
    ParameterStore store(NDManager scope) {
        return new LowRank(scope, factors);
    }

    AdamW optimizer(NDManager manager, float weightDecay, float maxGradientNorm) {
        return new AdamW(manager, weights, rates, weightDecay, maxGradientNorm);
    }

    /** Writes the {@link Updates}. */
    void save(Path file) throws IOException {
        Weights.save(weights, file, DataType.FLOAT16);
    }
}
