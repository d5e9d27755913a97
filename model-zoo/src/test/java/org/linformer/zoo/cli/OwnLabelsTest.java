package org.linformer.zoo.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.zoo.train.ClassifierRecipe;
import org.linformer.zoo.train.OwnRecipe;
import org.linformer.zoo.train.Recipe;

/** From a CSV file to a model that answers, by the commands that a user gives. */
class OwnLabelsTest {

    private static final List<List<String>> WORDS = List.of(
            List.of("apple", "pear", "cherry", "grape", "plum"),
            List.of("hammer", "saw", "drill", "chisel", "file"),
            List.of("shirt", "coat", "sock", "glove", "hat"));
    private static final List<String> LABELS = List.of("fruit", "tool", "dress");

    @TempDir
    private Path folder;

    private Path csv() throws Exception {
        Random random = new Random(42);
        String rows = IntStream.range(0, 240)
                .mapToObj(i ->
                        random.ints(12, 0, 5).mapToObj(WORDS.get(i % 3)::get).collect(Collectors.joining(" ")) + ","
                                + LABELS.get(i % 3) + "\n")
                .collect(Collectors.joining());
        return Files.writeString(folder.resolve("goods.csv"), "text,label\n" + rows);
    }

    /** A folder that has no model, but a recipe and a tokenizer; that is all that is looked at. */
    private Path smallRecipe() throws Exception {
        Path like = Files.createDirectory(folder.resolve("small"));
        Path own = folder.resolve("own");
        OwnRecipe.write(null, List.of("a", "b"), "made up", own);
        Files.copy(own.resolve("tokenizer.json"), like.resolve("tokenizer.json"));
        Files.writeString(
                like.resolve("recipe.json"),
                Files.readString(own.resolve("recipe.json"))
                        .replaceFirst("\"numLayers\": 2", "\"numLayers\": 1")
                        .replaceFirst("\"ffDim\": 512", "\"ffDim\": 32")
                        .replaceFirst("\"dModel\": 128", "\"dModel\": 32")
                        .replaceFirst("\"headDim\": 32", "\"headDim\": 8")
                        .replaceFirst("\"maxLength\": 4096", "\"maxLength\": 64")
                        .replaceFirst("128(\\s+\\],\\s+\"projection\")", "16$1")
                        .replaceFirst("\"epochs\": 10", "\"epochs\": 2")
                        .replaceFirst("\"batchSize\": 32", "\"batchSize\": 8")
                        .replaceFirst("\"learningRate\": 0.0005", "\"learningRate\": 0.01"));
        return like;
    }

    @Test
    void makesAModelOfACsvFile() throws Exception {
        Path data = folder.resolve("goods");
        Path model = folder.resolve("goods-model");
        Path recipe = data.resolve("recipe.json");

        assertThat(Main.run(
                        "prepare",
                        csv().toString(),
                        data.toString(),
                        "--like",
                        smallRecipe().toString()))
                .isZero();
        assertThat(Main.run("train", recipe.toString(), "--data", data.toString(), "--out", model.toString()))
                .isZero();
        Path text = Files.writeString(folder.resolve("text.txt"), "a hammer and a saw");
        Path answers = folder.resolve("answers.jsonl");
        assertThat(Main.run("classify", model.toString(), text.toString(), "--out", answers.toString()))
                .isZero();

        assertThat(Recipe.read(recipe).name()).isEqualTo("goods");
        assertThat(model.resolve("CARD.md"))
                .content()
                .contains("# goods", "Tells dress, fruit, tool apart.", "goods.csv, near duplicates removed");
        assertThat(answers).content().contains("\"labels\":[{\"label\":\"tool\"");
    }

    @Test
    void keepsARecipeThatWasEditedUnlessTheLabelsAreOthers() throws Exception {
        Path data = folder.resolve("goods");
        Path like = smallRecipe();
        OwnRecipe.write(like, List.of("a", "b"), "made up", data);
        Path recipe = data.resolve("recipe.json");
        Files.writeString(recipe, Files.readString(recipe).replace("\"epochs\": 2", "\"epochs\": 7"));

        OwnRecipe.write(like, List.of("a", "b"), "made up", data);

        assertThat(((ClassifierRecipe) Recipe.read(recipe)).epochs()).isEqualTo(7);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OwnRecipe.write(like, List.of("a", "c"), "made up", data))
                .withMessage(
                        "labels of " + recipe + " must be those of the texts, [a, c], but are [a, b]. Delete it, and a"
                                + " new one is written");
    }

    @Test
    void leavesTheTextsThatAreThereIfTheRecipeIsForOtherLabels() throws Exception {
        Path data = folder.resolve("goods");
        Main.run("prepare", csv().toString(), data.toString());
        String before = Files.readString(data.resolve("train.jsonl"));
        Path other = Files.writeString(
                folder.resolve("other.csv"), Files.readString(csv()).replace(",dress", ",clothes"));

        assertThat(Main.run("prepare", other.toString(), data.toString())).isEqualTo(1);

        assertThat(data.resolve("train.jsonl")).hasContent(before);
    }

    @Test
    void takesItsRecipeFromAModelThatClassifies() throws Exception {
        Path like = smallRecipe();
        Path recipe = like.resolve("recipe.json");
        Files.writeString(
                recipe,
                Files.readString(recipe)
                        .replaceFirst("\\{\\s+\"type\": \"ClassifierHead\",\\s+\"numClasses\": 2\\s+},", ""));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> OwnRecipe.write(like, List.of("a", "b"), "made up", folder.resolve("goods")))
                .withMessage(
                        "recipe of %s must have a ClassifierHead, but has [{\"type\":\"EmbeddingHead\",\"equal\":4096}]"
                                .formatted(like));
        assertThat(folder.resolve("goods")).doesNotExist();
    }
}
