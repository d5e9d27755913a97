package org.linformer.zoo.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.train.ClassifierRecipe;
import org.linformer.zoo.train.ClassifierTraining;
import org.linformer.zoo.train.EmbeddingRecipe;
import org.linformer.zoo.train.EmbeddingTraining;
import org.linformer.zoo.train.MaskedTokenRecipe;
import org.linformer.zoo.train.MaskedTokenTraining;
import org.linformer.zoo.train.Recipe;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Trains a model: 0 when it is finished, 130 when it was stopped. */
@Command(name = "train", description = "Trains by a recipe; stopped with Ctrl-C, it goes on when run again.")
final class Train implements Callable<Integer> {

    @Parameters(paramLabel = "RECIPE", description = "The recipe.")
    private Path recipeFile = Path.of("");

    @Option(
            names = "--data",
            required = true,
            description =
                    "Folder of train.jsonl, validation.jsonl and test.jsonl; for an embedding model one or more of"
                            + " pairs-train.jsonl and pairs-validation.jsonl; for masked tokens one or more of either.")
    private List<Path> data = List.of();

    @Option(
            names = "--start",
            description =
                    "The model, or a model's folder, whose embeddings and encoder the training starts from. Without it,"
                            + " it starts from nothing, and tokenizer.json lies beside the recipe.")
    private @Nullable String start;

    @Option(names = "--out", required = true, description = "Folder of the model that is made.")
    private Path out = Path.of("");

    @Override
    public Integer call() throws Exception {
        Path from = start == null ? null : LinformerModelZoo.folder(start);
        String command = "linformer train %s --data %s%s --out %s"
                .formatted(
                        recipeFile,
                        data.stream().map(Path::toString).collect(Collectors.joining(" --data ")),
                        start == null ? "" : " --start " + start,
                        out);
        Recipe recipe = Recipe.read(recipeFile);
        if (recipe instanceof ClassifierRecipe && data.size() != 1) {
            throw new IllegalArgumentException("--data must be one folder for a ClassifierRecipe, but is " + data);
        }
        if (recipe instanceof MaskedTokenRecipe && start != null) {
            throw new IllegalArgumentException("--start must not stand with a MaskedTokenRecipe, but is " + start);
        }
        if (recipe instanceof ClassifierRecipe classifier && classifier.rank() > 0 && start == null) {
            throw new IllegalArgumentException(
                    "--start must name a model for a recipe of low-rank updates, rank=%d, but is not given"
                            .formatted(classifier.rank()));
        }
        if (from != null && Files.exists(out) && Files.isSameFile(from, out)) {
            throw new IllegalArgumentException("--out must be another folder than that of --start, but is " + out);
        }
        return untilStopped(stopped -> {
            if (recipe instanceof ClassifierRecipe classifier) {
                return new ClassifierTraining(recipeFile, classifier, from, data.get(0), out, System.out, stopped)
                        .run(command);
            }
            if (recipe instanceof MaskedTokenRecipe masked) {
                return new MaskedTokenTraining(recipeFile, masked, out, System.out, stopped).run(data, command);
            }
            if (from == null) {
                throw new IllegalArgumentException(
                        "--start must name a model for an EmbeddingRecipe, but is not given");
            }
            return new EmbeddingTraining(recipeFile, (EmbeddingRecipe) recipe, from, out, System.out, stopped)
                    .run(in(data, "pairs-train.jsonl"), in(data, "pairs-validation.jsonl"), command);
        });
    }

    private static List<Path> in(List<Path> folders, String file) {
        return folders.stream().map(folder -> folder.resolve(file)).toList();
    }

    private interface Stoppable {
        boolean run(BooleanSupplier stopped) throws Exception;
    }

    /** Lets Ctrl-C end a training after the step that is being made. */
    private static int untilStopped(Stoppable training) throws Exception {
        AtomicBoolean stopped = new AtomicBoolean();
        CountDownLatch done = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stopped.set(true);
            try {
                // the checkpoint is written after the step that is being made
                if (!done.await(2, TimeUnit.MINUTES)) {
                    System.err.println(
                            "what is being done takes too long: the last checkpoint stands, if there is one");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try {
            return training.run(stopped::get) ? 0 : 130;
        } finally {
            done.countDown();
        }
    }
}
