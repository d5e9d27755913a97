package org.linformer.zoo.train;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.linformer.attention.TorchScript;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.Sha256;

/** Where a training starts and what it leaves: the model of its recipe, with the weights of another in it or from nothing. */
final class Start {

    private final Recipe recipe;
    private final @Nullable ModelConfig config;
    private final @Nullable Path folder;

    /**
     * Prepares a start.
     *
     * @param recipe the recipe
     * @param folder of the model whose embeddings and encoder are taken, or null to start from nothing
     * @throws IOException if a file of that model cannot be read or has not the SHA-256 of its configuration
     * @throws IllegalArgumentException if its layers compute something else than the recipe's
     */
    Start(Recipe recipe, @Nullable Path folder) throws IOException {
        this.recipe = recipe;
        this.folder = folder;
        if (folder == null) {
            config = null;
        } else {
            config = ModelConfig.read(folder);
            recipe.requireLayersOf(config.encoder());
            config.verify(folder);
        }
    }

    boolean isFromNothing() {
        return config == null;
    }

    /**
     * What a checkpoint is of: it goes on with no other recipe, from no other start, and on no other texts. What the
     * recipe tells readers may change.
     *
     * @param data files of the texts
     */
    String identity(List<Path> data) throws IOException {
        JsonObject decides = JsonParser.parseString(StrictJson.write(recipe)).getAsJsonObject();
        List.of("version", "description", "data", "limits").forEach(decides::remove);
        StringBuilder identity = new StringBuilder(decides.toString());
        if (config != null) {
            identity.append(config.sha256());
        }
        for (Path file : data) {
            identity.append('\n').append(Sha256.of(file));
        }
        return identity.toString();
    }

    @Override
    public String toString() {
        return config == null ? "nothing" : config.name();
    }

    /** Lets dropout depend on the step alone, so that a training that was stopped goes on as if it had not been. */
    void seedDropout(int step) {
        Engine.getEngine("PyTorch").setRandomSeed((int) (recipe.seed() * 31 + step));
    }

    /** Builds the model; its heads are always new. */
    EncoderModel block(NDManager manager) throws IOException {
        manager.getEngine().setRandomSeed((int) recipe.seed());
        EncoderModel block = new EncoderModel(recipe.vocabSize(), recipe.encoder(), recipe.heads());
        block.initialize(
                manager,
                DataType.FLOAT32,
                new Shape(1, recipe.encoder().attention().maxLength()));
        if (folder == null) {
            mimic(block, manager);
        } else {
            try (NDManager scope = manager.newSubManager()) {
                Map<String, NDArray> weights = Weights.read(scope, folder.resolve(ModelConfig.WEIGHTS));
                weights.keySet().removeIf(Start::isOfAHead);
                Set<String> missing = Weights.set(block, manager, weights, DataType.FLOAT32);
                missing.removeIf(Start::isOfAHead);
                if (!missing.isEmpty()) {
                    throw new IllegalArgumentException("%s must have the weights of the recipe's encoder, but misses %s"
                            .formatted(folder, missing));
                }
            }
        }
        return block;
    }

    /**
     * Lets near positions and like tokens attend to each other from the first step on, as they come to do in trained
     * encoders: sinusoids for positions, and keys that begin as the queries (Trockman and Kolter 2023, "Mimetic
     * Initialization of Self-Attention Layers", https://arxiv.org/abs/2305.09828).
     */
    private static void mimic(EncoderModel block, NDManager manager) {
        try (NDManager scope = manager.newSubManager()) {
            Map<String, NDArray> weights = new HashMap<>();
            Weights.of(block).forEach((name, parameter) -> {
                if (name.equals("embeddings.position_embeddings.weight")) {
                    weights.put(name, sinusoids(scope, parameter.getArray().getShape()));
                } else if (name.endsWith(".query.weight")) {
                    weights.put(name.replace(".query.", ".key."), parameter.getArray());
                }
            });
            Weights.set(block, manager, weights, DataType.FLOAT32);
        }
    }

    /** Those of Vaswani et al. 2017, section 3.5, all sines before all cosines, as large as the token embeddings: (n, dModel). */
    private static NDArray sinusoids(NDManager scope, Shape shape) {
        long width = shape.get(1);
        float sines = (float) Math.ceil(width / 2.0);
        NDArray exponent = scope.full(new Shape(), (float) (-2 * Math.log(10_000) / width)); // ()
        NDArray frequencies = scope.arange(sines).mul(exponent).exp(); // (dModel / 2)
        NDArray angles = scope.arange((float) shape.get(0)).expandDims(1).mul(frequencies); // (n, dModel / 2)
        NDArray size = scope.full(new Shape(), (float) (0.02 * Math.sqrt(2))); // ()
        NDArray waves = angles.sin().concat(angles.cos(), 1).mul(size); // (n, dModel or one more)
        return waves.get(new NDIndex(":, :{}", width)); // (n, dModel)
    }

    /** The same, to be trained. */
    EncoderModel trainable(NDManager manager) throws IOException {
        EncoderModel block = block(manager);
        if (TorchScript.isBfloat16Fast(Device.cpu())) {
            block.toMixedPrecision();
        }
        return block;
    }

    private static boolean isOfAHead(String name) {
        return name.startsWith("heads.");
    }

    /** The tokenizer of the model that is started from, or the one beside the recipe. */
    Path tokenizer(Path recipeFile) {
        return folder == null
                ? recipeFile.toAbsolutePath().resolveSibling(ModelConfig.TOKENIZER)
                : folder.resolve(ModelConfig.TOKENIZER);
    }

    /** Refuses ids that the model has no embeddings for. */
    void requireIds(Path recipeFile, long[] ids) {
        for (long id : ids) {
            if (id >= recipe.vocabSize()) {
                throw new IllegalArgumentException("%s must have ids below vocabSize=%d, but has %d"
                        .formatted(tokenizer(recipeFile), recipe.vocabSize(), id));
            }
        }
    }

    /** Completes the folder of a trained model, in which its weights lie, or its updates if it is not from nothing. */
    ModelConfig finish(Path recipeFile, Path out) throws IOException {
        if (!isFromNothing()) {
            try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                EncoderModel block = block(manager);
                Updates.apply(block, out.resolve(Updates.FILE));
                Weights.save(block, out.resolve(ModelConfig.WEIGHTS), DataType.FLOAT16);
            }
        }
        copy(tokenizer(recipeFile), out.resolve(ModelConfig.TOKENIZER));
        copy(recipeFile, out.resolve(Recipe.FILE));
        ModelConfig config = recipe.config(out);
        Files.writeString(out.resolve(ModelConfig.FILE), StrictJson.write(config) + "\n");
        return config;
    }

    private static void copy(Path from, Path to) throws IOException {
        if (!from.toAbsolutePath().normalize().equals(to.toAbsolutePath().normalize())) {
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
