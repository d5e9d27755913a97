package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;

/**
 * What a training changed in a model, as a safetensors file: a parameter's new value by its name, or the factors A and
 * B of an update W + B A by its name and {@code .A} or {@code .B}.
 */
public final class Updates {

    /** Name of the file. */
    public static final String FILE = "updates.safetensors";

    static final String A = ".A";
    static final String B = ".B";

    private Updates() {}

    /**
     * Changes a model.
     *
     * @param block the model as the training found it
     * @param file the updates
     * @throws IOException if the file cannot be read
     * @throws IllegalArgumentException if it changes what the model has not
     */
    public static void apply(EncoderModel block, Path file) throws IOException {
        Map<String, Parameter> parameters = Weights.of(block);
        NDManager owner = parameters.values().iterator().next().getArray().getManager();
        try (NDManager scope = owner.newSubManager()) {
            Map<String, NDArray> updates = Weights.read(scope, file);
            updates.forEach((name, update) -> {
                if (name.endsWith(B)) {
                    String other = name.substring(0, name.length() - B.length()) + A;
                    if (!updates.containsKey(other)) {
                        throw new IllegalArgumentException(
                                "%s must have %s beside %s, but has not".formatted(file, other, name));
                    }
                    return;
                }
                boolean isFactor = name.endsWith(A);
                String of = isFactor ? name.substring(0, name.length() - A.length()) : name;
                Parameter parameter = parameters.get(of);
                if (parameter == null) {
                    throw new IllegalArgumentException(
                            "%s must change a weight of the model, but has %s".formatted(file, of));
                }
                NDArray weight = parameter.getArray();
                NDArray typed = update.toType(weight.getDataType(), false);
                NDArray changed = typed;
                if (isFactor) {
                    NDArray b = updates.get(of + B);
                    if (b == null) {
                        throw new IllegalArgumentException(
                                "%s must have %s beside %s, but has not".formatted(file, of + B, name));
                    }
                    changed =
                            b.toType(weight.getDataType(), false).matMul(typed).add(weight);
                }
                if (!changed.getShape().equals(weight.getShape())) {
                    throw new IllegalArgumentException(
                            "%s must be %s, but is %s".formatted(of, weight.getShape(), changed.getShape()));
                }
                changed.copyTo(weight);
            });
        }
    }
}
