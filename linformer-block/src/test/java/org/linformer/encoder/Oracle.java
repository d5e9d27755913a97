package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A folder of numbers that other implementations computed: index.json and one npz file a case. */
final class Oracle {

    /** One case: what the index says of it. */
    record Case(Path file, JsonObject json) {

        String name() {
            return json.get("name").getAsString();
        }

        String repo() {
            return json.get("repo").getAsString();
        }

        String module() {
            return json.get("module").getAsString();
        }

        Set<String> features() {
            return strings("features");
        }

        Set<String> strings(String key) {
            Set<String> strings = new TreeSet<>();
            json.getAsJsonArray(key).forEach(each -> strings.add(each.getAsString()));
            return strings;
        }

        int param(String key) {
            return json.getAsJsonObject("params").get(key).getAsInt();
        }

        String text(String key) {
            return json.getAsJsonObject("params").get(key).getAsString();
        }

        boolean is(String key) {
            JsonElement value = json.getAsJsonObject("params").get(key);
            return value != null && !value.isJsonNull() && value.getAsBoolean();
        }

        double tolerance(String key) {
            return json.getAsJsonObject("tolerance").get(key).getAsDouble();
        }

        double gradientScale() {
            return json.has("grad_scale") && !json.get("grad_scale").isJsonNull()
                    ? json.get("grad_scale").getAsDouble()
                    : 0;
        }

        /** The stored rows of an output that is too long to store, none if all are. */
        List<Integer> rows() {
            List<Integer> rows = new ArrayList<>();
            JsonElement value = json.getAsJsonObject("params").get("rows");
            if (value != null && value.isJsonArray()) {
                value.getAsJsonArray().forEach(row -> rows.add(row.getAsInt()));
            }
            return rows;
        }

        /** All arrays by name; weights and inputs widened to the type, and the generated ones generated. */
        Map<String, NDArray> read(NDManager manager, DataType type) throws IOException {
            Map<String, NDArray> arrays = new LinkedHashMap<>();
            try (InputStream in = Files.newInputStream(file)) {
                for (NDArray array : NDList.decode(manager, in)) {
                    boolean isComputed = array.getDataType() == DataType.FLOAT32
                            && array.getName().matches("(in|param|const|cot)\\..*");
                    arrays.put(
                            array.getName(),
                            isComputed ? array.toType(type, false).duplicate() : array);
                }
            }
            JsonElement generated = json.getAsJsonObject("params").get("generated");
            if (generated != null && generated.isJsonArray()) {
                for (JsonElement each : generated.getAsJsonArray()) {
                    JsonObject object = each.getAsJsonObject();
                    arrays.put(
                            object.get("array").getAsString(),
                            generate(manager, object).toType(type, false));
                }
            }
            return arrays;
        }

        private static NDArray generate(NDManager manager, JsonObject object) {
            JsonArray sizes = object.getAsJsonArray("shape");
            long[] shape = new long[sizes.size()];
            for (int i = 0; i < shape.length; i++) {
                shape[i] = sizes.get(i).getAsLong();
            }
            long seed = object.get("seed").getAsLong();
            double width = 2 * Math.sqrt(3) * object.get("scale").getAsDouble();
            float[] values = new float[(int) new Shape(shape).size()];
            for (int i = 0; i < values.length; i++) {
                long x = (i * 2654435761L + seed * 40503) & 0xFFFFFFFFL;
                x ^= x >>> 15;
                x = (x * 2246822519L) & 0xFFFFFFFFL;
                x ^= x >>> 13;
                x = (x * 3266489917L) & 0xFFFFFFFFL;
                x ^= x >>> 16;
                values[i] = (float) ((x / 4294967296.0 - 0.5) * width);
            }
            return manager.create(values, new Shape(shape));
        }
    }

    private Oracle() {}

    static List<Case> cases(Path folder) throws IOException {
        JsonObject index = new Gson().fromJson(Files.readString(folder.resolve("index.json")), JsonObject.class);
        List<Case> cases = new ArrayList<>();
        for (JsonElement each : index.getAsJsonArray("cases")) {
            JsonObject json = each.getAsJsonObject();
            cases.add(new Case(folder.resolve(json.get("file").getAsString()), json));
        }
        return cases;
    }
}
