package org.linformer.zoo.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.data.OwnTexts;
import org.linformer.zoo.train.ClassifierRecipe;
import org.linformer.zoo.train.OwnRecipe;
import org.linformer.zoo.train.Recipe;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prepares labelled texts of the user's own. */
@Command(
        name = "prepare",
        description = "Splits labelled texts of your own into train, validation and test, and writes a recipe.")
final class Prepare implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "TEXTS", description = "A .csv with the columns text and label, or a .jsonl.")
    private Path texts = Path.of("");

    @Parameters(
            index = "1",
            paramLabel = "FOLDER",
            description = "Folder for the texts and the recipe; its name becomes the model's.")
    private Path folder = Path.of("");

    @Option(
            names = "--like",
            description = "The model, or a model's folder, whose recipe is taken with your labels put in."
                    + " Without it a small encoder learns from nothing.")
    private @Nullable String like;

    @Override
    public Integer call() throws IOException {
        Path model = like == null ? null : LinformerModelZoo.folder(like);
        OwnTexts own = OwnTexts.read(texts, System.out);
        String data = "%s, near duplicates removed, split by hash.".formatted(texts.getFileName());
        Path recipe = folder.resolve(Recipe.FILE);
        boolean isNew = OwnRecipe.write(model, own.labels(), data, folder);
        if (!isNew) {
            System.out.printf(
                    "%s is there already, and stays%s%n", recipe, like == null ? "" : ": --like is not looked at");
        }
        own.write(folder, System.out);
        boolean needsStart = Recipe.read(recipe) instanceof ClassifierRecipe classifier && classifier.rank() > 0;
        System.out.printf(
                "next: linformer train %s --data %s%s --out MODEL%n",
                recipe, folder, needsStart ? " --start " + (like != null && isNew ? like : "MODEL_OF_THE_RECIPE") : "");
        return 0;
    }
}
