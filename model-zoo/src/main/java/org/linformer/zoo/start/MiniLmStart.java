package org.linformer.zoo.start;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.Projection;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.train.Recipe;
import org.linformer.zoo.train.Updates;

/**
 * MiniLM's weights in the encoder of a recipe: the state that its training starts from, or with the {@link Updates} of
 * that training the model that it made.
 *
 * <p>Layers behind the first k positions, where they are apart, are copies of the others. Where the recipe starts E and
 * F as STRIDED, a slot is one position of the text, more of them at its beginning. The positions behind the 512 that
 * MiniLM has are these again and again; where layers are apart, the first 256, in which its authors trained it for
 * sentences, are repeated. Heads are new.
 */
public final class MiniLmStart {

    private static final int SENTENCE_POSITIONS = 256;

    private MiniLmStart() {}

    /**
     * Writes the model's folder.
     *
     * @param jar the jar that {@link MiniLm} reads
     * @param recipeFile the recipe
     * @param updates what a training changed, or null for the state that trainings start from
     * @param out the folder, made if it is not there
     * @throws IOException if a file cannot be read or written, or the jar is another
     * @throws IllegalArgumentException if the encoder is not of MiniLM's size, or its layers compute something else
     */
    public static void write(Path jar, Path recipeFile, @Nullable Path updates, Path out) throws IOException {
        Recipe recipe = Recipe.read(recipeFile);
        recipe.requireLayersOf(MiniLm.encoder(MiniLm.MAX_TOKENS));
        int maxLength = recipe.encoder().attention().maxLength();
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            manager.getEngine().setRandomSeed((int) recipe.seed());
            EncoderModel block = new EncoderModel(recipe.vocabSize(), recipe.encoder(), recipe.heads());
            block.initialize(manager, DataType.FLOAT32, new Shape(1, maxLength));
            boolean isStrided = recipe.encoder().attention() instanceof LinformerAttention.Config linformer
                    && linformer.projection() instanceof Projection.Linear linear
                    && linear.initialization() == Projection.Initialization.STRIDED;
            Map<String, NDArray> theirs = MiniLm.read(manager, jar, out);
            Map<String, NDArray> ours = new LinkedHashMap<>();
            Weights.of(block).forEach((name, parameter) -> {
                NDArray same = theirs.get(name.replace("encoder.behind.", "encoder."));
                Shape shape = parameter.getArray().getShape();
                if (name.contains(MiniLm.POSITIONS) && same != null) {
                    int positions = recipe.encoder().apart() ? SENTENCE_POSITIONS : MiniLm.MAX_TOKENS;
                    ours.put(name, repeated(same, positions, maxLength));
                } else if (same != null) {
                    ours.put(name, same);
                } else if (isStrided && name.matches("encoder.*\\.[EF]")) {
                    int dimensions = shape.dimension(); // (k, maxLength), or (h, k, maxLength)
                    NDArray e = selection(manager, (int) shape.get(dimensions - 2), maxLength); // (k, maxLength)
                    ours.put(name, dimensions == 2 ? e : e.expandDims(0).tile(new long[] {shape.get(0), 1, 1}));
                }
            });
            Set<String> missing = Weights.set(block, manager, ours, DataType.FLOAT32);
            missing.removeIf(name -> name.startsWith("heads.") || name.matches(".*\\.[EF](\\.bias)?"));
            Set<String> unused = new TreeSet<>(theirs.keySet());
            unused.removeAll(ours.keySet());
            if (!missing.isEmpty() || !unused.isEmpty()) {
                throw new IllegalArgumentException(
                        "encoder of %s must have MiniLM's layers, but has %s too and lacks %s"
                                .formatted(recipeFile, missing, unused));
            }
            if (updates != null) {
                // a training starts from weights in float16
                Weights.of(block)
                        .values()
                        .forEach(parameter -> parameter
                                .getArray()
                                .toType(DataType.FLOAT16, false)
                                .toType(DataType.FLOAT32, false)
                                .copyTo(parameter.getArray()));
                Updates.apply(block, updates);
            }
            Weights.save(block, out.resolve(ModelConfig.WEIGHTS), DataType.FLOAT16);
        }
        ModelConfig config = recipe.config(out);
        Files.writeString(
                out.resolve(ModelConfig.FILE),
                StrictJson.write(updates == null ? config.withName(MiniLm.NAME) : config) + "\n");
        Files.copy(recipeFile, out.resolve(Recipe.FILE), StandardCopyOption.REPLACE_EXISTING);
    }

    /** The first so many positions again and again: (maxLength, dModel). */
    static NDArray repeated(NDArray positions, int first, int maxLength) {
        int times = (maxLength + first - 1) / first;
        return positions.get(":{}", first).tile(new long[] {times, 1}).get(":{}", maxLength);
    }

    /**
     * Half of the slots in the first 2k positions, a quarter in the next 4k, a quarter in the rest; evenly where
     * maxLength is less than 8k, or k has no quarters: (k, maxLength).
     */
    private static NDArray selection(NDManager manager, int k, int maxLength) {
        float[] e = new float[k * maxLength];
        for (int slot = 0; slot < k; slot++) {
            int position = maxLength < 8 * k || k % 4 != 0
                    ? (int) ((long) slot * maxLength / k)
                    : slot < k / 2
                            ? slot * 4
                            : slot < k * 3 / 4
                                    ? 2 * k + (slot - k / 2) * 16
                                    : 6 * k + (slot - k * 3 / 4) * ((maxLength - 6 * k) / (k / 4));
            e[slot * maxLength + position] = 1;
        }
        return manager.create(e, new Shape(k, maxLength));
    }
}
