package org.linformer.zoo.train;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.ModelConfig;

/**
 * A recipe for labels of a user's own: that of another model, or of a small encoder that learns from nothing, with
 * another name and other labels.
 */
public final class OwnRecipe {

    private static final String FROM_NOTHING = "from-nothing.json";

    /** Whose tokenizer a small encoder has: that of all-MiniLM-L6-v2. */
    private static final String TOKENS_OF = "minilm-linformer-4k";

    private OwnRecipe() {}

    /**
     * Writes {@code recipe.json}, and {@code tokenizer.json} beside it; a recipe for these labels that is there
     * already, and may have been edited, stays.
     *
     * @param like folder of the model whose recipe is taken, or null to learn from nothing
     * @param labels the labels
     * @param data what is learned from, for the model's card
     * @param folder where to; its name becomes the model's
     * @return whether it was written
     * @throws IOException if a file cannot be read or written
     * @throws IllegalArgumentException if that model does not classify, or the recipe that is there has other labels
     */
    public static boolean write(@Nullable Path like, List<String> labels, String data, Path folder) throws IOException {
        Path file = folder.resolve(Recipe.FILE);
        if (Files.exists(file)) {
            List<String> there = Recipe.read(file).labels();
            if (!there.equals(labels)) {
                throw new IllegalArgumentException(
                        "labels of %s must be those of the texts, %s, but are %s. Delete it, and a new one is written"
                                .formatted(file, labels, there));
            }
            return false;
        }
        JsonObject recipe = new Gson().fromJson(recipeOf(like), JsonObject.class);
        recipe.addProperty(
                "name", folder.toAbsolutePath().normalize().getFileName().toString());
        recipe.addProperty("version", "1.0");
        recipe.addProperty("description", "Tells %s apart.".formatted(String.join(", ", labels)));
        recipe.addProperty("data", data);
        recipe.addProperty("limits", "texts that are unlike those that it learned from.");
        JsonArray names = new JsonArray();
        labels.forEach(names::add);
        recipe.add("labels", names);
        classifierOf(recipe, like).addProperty("numClasses", labels.size());
        String json = StrictJson.write(recipe);
        StrictJson.read(json, ClassifierRecipe.class);
        Files.createDirectories(folder);
        Path tokens = like == null ? LinformerModelZoo.folder(TOKENS_OF) : like;
        Files.copy(
                tokens.resolve(ModelConfig.TOKENIZER),
                folder.resolve(ModelConfig.TOKENIZER),
                StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(file, json + "\n");
        return true;
    }

    private static String recipeOf(@Nullable Path like) throws IOException {
        if (like != null) {
            return Files.readString(like.resolve(Recipe.FILE));
        }
        try (InputStream in = OwnRecipe.class.getResourceAsStream(FROM_NOTHING)) {
            return new String(Objects.requireNonNull(in, FROM_NOTHING).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static JsonObject classifierOf(JsonObject recipe, @Nullable Path like) {
        for (JsonElement head : recipe.getAsJsonArray("heads")) {
            if (head.getAsJsonObject().has("numClasses")) {
                return head.getAsJsonObject();
            }
        }
        throw new IllegalArgumentException(
                "recipe of %s must have a ClassifierHead, but has %s".formatted(like, recipe.getAsJsonArray("heads")));
    }
}
