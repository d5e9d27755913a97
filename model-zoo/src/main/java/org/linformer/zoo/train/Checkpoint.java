package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.stream.Stream;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.ModelConfig;

/**
 * Where a training stands, as a folder that is replaced as a whole: a crash, a full disk or Ctrl-C leaves the last good
 * one.
 *
 * @param identity what decides in the recipe, and the hashes of start and texts, for a checkpoint goes on with no
 *     others
 * @param step steps that were made, 0 if none was and nothing is saved
 * @param bestAt step of the best weights so far, from 1, or 0
 * @param bestScore what they were chosen by, on the validation texts
 * @param seconds time spent in training so far
 * @param tokens tokens read in training so far
 */
record Checkpoint(String identity, int step, int bestAt, double bestScore, double seconds, long tokens) {

    private static final String STATE = "state.json";
    private static final String OPTIMIZER = "optimizer.safetensors";

    Checkpoint after(double seconds, long tokens) {
        return new Checkpoint(identity, step + 1, bestAt, bestScore, seconds, tokens);
    }

    Checkpoint withBest(int at, double score) {
        return new Checkpoint(identity, step, at, score, seconds, tokens);
    }

    void save(Path folder, Map<String, NDArray> weights, AdamW optimizer) throws IOException {
        Path unfinished = folder.resolveSibling(folder.getFileName() + ".tmp");
        Path old = folder.resolveSibling(folder.getFileName() + ".old");
        Files.createDirectories(unfinished);
        Weights.save(weights, unfinished.resolve(ModelConfig.WEIGHTS), DataType.FLOAT32);
        Weights.save(optimizer.state(), unfinished.resolve(OPTIMIZER), DataType.FLOAT32);
        Files.writeString(unfinished.resolve(STATE), StrictJson.write(this));
        delete(old);
        if (Files.exists(folder)) {
            Files.move(folder, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
        delete(old);
    }

    /**
     * Reads the state; a folder that was being replaced is found under its old name.
     *
     * @return the state, before the first step if there is no checkpoint
     * @throws IllegalArgumentException if the checkpoint is of another recipe, start or texts
     */
    static Checkpoint read(Path folder, String identity) throws IOException {
        Path old = folder.resolveSibling(folder.getFileName() + ".old");
        if (!Files.exists(folder) && Files.exists(old)) {
            Files.move(old, folder, StandardCopyOption.ATOMIC_MOVE);
        }
        if (!Files.exists(folder)) {
            return new Checkpoint(identity, 0, 0, -1, 0, 0);
        }
        Checkpoint found = StrictJson.read(folder.resolve(STATE), Checkpoint.class);
        if (!found.identity().equals(identity)) {
            throw new IllegalArgumentException(
                    "%s must be of the same recipe, start and texts, but is of others. Choose another folder or delete it"
                            .formatted(folder));
        }
        return found;
    }

    /** Puts the weights and the optimizer back. */
    static void restore(Path folder, Map<String, NDArray> weights, AdamW optimizer) throws IOException {
        restore(folder.resolve(ModelConfig.WEIGHTS), weights);
        restore(folder.resolve(OPTIMIZER), optimizer.state());
    }

    private static void restore(Path file, Map<String, NDArray> arrays) throws IOException {
        try (NDManager scope = arrays.values().iterator().next().getManager().newSubManager()) {
            Map<String, NDArray> saved = Weights.read(scope, file);
            if (!saved.keySet().equals(arrays.keySet())) {
                throw new IOException(
                        "%s must have the arrays %s, but has %s".formatted(file, arrays.keySet(), saved.keySet()));
            }
            saved.forEach((name, array) -> array.copyTo(arrays.get(name)));
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
