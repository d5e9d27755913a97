package org.linformer.serving.oip;

import java.util.ArrayList;
import java.util.List;

/**
 * A tensor with its data, row by row.
 *
 * @param name its name
 * @param datatype {@code BYTES} for strings, {@code FP32} for numbers
 * @param shape its sizes
 * @param data its elements
 */
record Tensor(String name, String datatype, List<Integer> shape, List<?> data) {

    static final String BYTES = "BYTES";
    static final String FP32 = "FP32";

    /** A vector. */
    static Tensor of(String name, String datatype, List<?> data) {
        return new Tensor(name, datatype, List.of(data.size()), data);
    }

    /** A matrix of its rows, at least one. */
    static Tensor of(String name, List<float[]> rows) {
        List<Float> data = new ArrayList<>();
        for (float[] row : rows) {
            for (float value : row) {
                data.add(value);
            }
        }
        return new Tensor(name, FP32, List.of(rows.size(), rows.get(0).length), data);
    }
}
