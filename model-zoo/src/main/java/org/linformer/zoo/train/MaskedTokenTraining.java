package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.Truncation;
import org.linformer.zoo.data.Example;
import org.linformer.zoo.data.Pair;

/**
 * Pretrains an encoder on the texts of data sets, whatever their labels or queries: all of them one after another, cut into
 * windows. Two recipes of the same seed read the same windows in the same order, with the same tokens masked.
 */
public final class MaskedTokenTraining {

    private static final String CHECKPOINT = "checkpoint";
    private static final String PERPLEXITIES = "perplexities.csv";
    private static final long FIRST = 101; // [CLS], [SEP] and [MASK] of BERT's vocabulary
    private static final long LAST = 102;
    private static final long MASK = 103;
    private static final int FIRST_WORD = 999;

    private final Path recipeFile;
    private final MaskedTokenRecipe recipe;
    private final Start start;
    private final Path out;
    private final PrintStream progress;
    private final BooleanSupplier stopped;

    /** Windows with some tokens masked, the places of these in all b * n, and what stood there. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Guesses(long[] ids, long[] places, long[] tokens) {}

    /**
     * Prepares a training.
     *
     * @param recipeFile the recipe, with {@code tokenizer.json} beside it
     * @param recipe what is in it
     * @param out folder of the model that is made, and of the checkpoint until then
     * @param progress where progress is told
     * @param stopped asked after each step whether to stop
     * @throws IOException if a file cannot be read
     */
    public MaskedTokenTraining(
            Path recipeFile, MaskedTokenRecipe recipe, Path out, PrintStream progress, BooleanSupplier stopped)
            throws IOException {
        this.recipeFile = recipeFile;
        this.recipe = recipe;
        this.start = new Start(recipe, null);
        this.out = out;
        this.progress = progress;
        this.stopped = stopped;
    }

    /**
     * Trains until the recipe's last step, or until it is stopped.
     *
     * @param data folders of labelled texts or of pairs
     * @param command what is put into {@code metrics.json} as the command
     * @return whether the training is finished
     * @throws IOException if a file cannot be read or written
     */
    public boolean run(List<Path> data, String command) throws IOException {
        Files.createDirectories(out);
        List<long[]> train;
        List<long[]> validation;
        try (TextTokenizer tokenizer = new TextTokenizer(start.tokenizer(recipeFile), Integer.MAX_VALUE)) {
            train = windows(tokenizer, data, "train");
            validation = windows(tokenizer, data, "validation");
        }
        Collections.shuffle(validation, new Random(recipe.seed()));
        List<long[]> measured = validation.subList(0, recipe.validationWindows());
        Checkpoint last;
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            last = train(manager, train, measured);
        }
        if (last.step() < recipe.steps()) {
            progress.println("stopped after step %d; the same command goes on from there".formatted(last.step()));
            return false;
        }
        finish(command, train.size(), last);
        return true;
    }

    private void finish(String command, int trainWindows, Checkpoint last) throws IOException {
        ModelConfig config = start.finish(recipeFile, out);
        List<MaskedTokenMetrics.Perplexity> perplexities = perplexities().stream()
                .map(line -> line.split(",", -1))
                .map(line -> new MaskedTokenMetrics.Perplexity(Integer.parseInt(line[0]), Double.parseDouble(line[1])))
                .toList();
        MaskedTokenMetrics metrics = new MaskedTokenMetrics(
                command,
                trainWindows,
                recipe.steps(),
                last.bestAt(),
                last.tokens(),
                last.seconds() / 60,
                last.tokens() / last.seconds(),
                recipe.validationWindows(),
                perplexities);
        Files.writeString(out.resolve(Recipe.METRICS), StrictJson.write(metrics) + "\n");
        Files.writeString(
                out.resolve(Card.FILE), Card.of(recipe, config, metrics, Files.size(out.resolve(ModelConfig.WEIGHTS))));
        progress.println("trained: " + out);
    }

    private List<String> perplexities() throws IOException {
        Path file = out.resolve(PERPLEXITIES);
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    /** All texts one after another, each closed by [SEP], in windows of maxLength between [CLS] and [SEP]. */
    private List<long[]> windows(TextTokenizer tokenizer, List<Path> data, String split) throws IOException {
        int length = recipe.encoder().attention().maxLength();
        List<long[]> windows = new ArrayList<>();
        long[] window = new long[length];
        int filled = 1;
        for (Path folder : data) {
            for (String text : texts(folder, split)) {
                long[] ids = tokenizer.tokenize(text, Truncation.NONE).ids();
                for (int i = 1; i < ids.length; i++) {
                    window[filled++] = ids[i];
                    if (filled == length - 1) {
                        window[0] = FIRST;
                        window[length - 1] = LAST;
                        windows.add(window);
                        window = new long[length];
                        filled = 1;
                    }
                }
            }
        }
        int least = split.equals("train") ? recipe.batchSize() : recipe.validationWindows();
        if (windows.size() < least) {
            throw new IllegalArgumentException("%s must hold at least %d windows of %d tokens to %s, but holds %d"
                    .formatted(data, least, length, split.equals("train") ? "learn from" : "validate", windows.size()));
        }
        return windows;
    }

    private static List<String> texts(Path folder, String split) throws IOException {
        Path labelled = folder.resolve(split + ".jsonl");
        return Files.exists(labelled)
                ? Example.read(labelled).stream().map(Example::text).toList()
                : Pair.read(folder.resolve("pairs-" + split + ".jsonl")).stream()
                        .map(Pair::document)
                        .toList();
    }

    private Checkpoint train(NDManager manager, List<long[]> train, List<long[]> validation) throws IOException {
        EncoderModel block = start.trainable(manager);
        Trained trained = new Trained(block);
        Weights.of(block).forEach((name, parameter) -> trained.add(name, parameter, recipe.learningRate()));
        int length = recipe.encoder().attention().maxLength();
        progress.println("%,d windows of %,d tokens, %,d steps of %d, %,d weights"
                .formatted(train.size(), length, recipe.steps(), recipe.batchSize(), trained.size()));
        try (AdamW optimizer = trained.optimizer(manager, recipe.weightDecay(), recipe.maxGradientNorm())) {
            Path folder = out.resolve(CHECKPOINT);
            Checkpoint before = Checkpoint.restore(folder, start.identity(), trained.weights(), optimizer);
            Checkpoint at = before == null ? new Checkpoint(start.identity(), 0, 0, 0, 0, 0) : before;
            if (before != null) {
                progress.println("goes on after step " + at.step());
            }
            int reached = at.step();
            Files.write(
                    out.resolve(PERPLEXITIES),
                    perplexities().stream()
                            .filter(line -> Integer.parseInt(line.substring(0, line.indexOf(','))) <= reached)
                            .toList());
            LossCurve curve = new LossCurve(out, at.step());
            Meter meter = new Meter(progress, at, recipe.steps());
            while (at.step() < recipe.steps()) {
                int step = at.step() + 1;
                float loss = step(
                        manager, block, trained, Batches.ofStep(train, recipe.batchSize(), recipe.seed(), step), step);
                curve.add(step, loss);
                optimizer.step(step, Schedule.share(step, recipe.steps(), recipe.warmup()));
                at = meter.after(at, () -> "loss %.4f".formatted(loss), (long) recipe.batchSize() * length);
                boolean isStopped = stopped.getAsBoolean();
                boolean isCheck = Schedule.isCheck(step, recipe.steps(), recipe.checks());
                if (!isStopped && isCheck) {
                    long checked = System.nanoTime();
                    double perplexity = perplexity(manager, block, trained, validation);
                    progress.println("step %d: perplexity %.2f on %d validation windows"
                            .formatted(step, perplexity, validation.size()));
                    Files.writeString(
                            out.resolve(PERPLEXITIES),
                            "%d,%.4f%n".formatted(step, perplexity),
                            StandardOpenOption.APPEND);
                    if (1 / perplexity > at.bestScore()) {
                        Weights.save(block, out.resolve(ModelConfig.WEIGHTS), DataType.FLOAT16);
                        at = at.withBest(step, 1 / perplexity);
                    }
                    curve.draw();
                    meter.leaveOut(System.nanoTime() - checked);
                }
                if (isStopped || isCheck) {
                    at.save(folder, trained.weights(), optimizer);
                }
                if (isStopped) {
                    break;
                }
            }
            return at;
        }
    }

    /** Adds up the gradients of one step's mean loss, and returns it. */
    private float step(NDManager manager, EncoderModel block, Trained trained, List<long[]> windows, int step) {
        Random random = new Random(recipe.seed() * 31 + step);
        List<Guesses> goes = goes(windows, random);
        int all = goes.stream().mapToInt(go -> go.tokens().length).sum();
        float mean = 0;
        for (Guesses go : goes) {
            try (NDManager scope = manager.newSubManager();
                    GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                NDArray loss = loss(scope, block, trained, go, true).div(all); // ()
                gradients.backward(loss);
                mean += loss.getFloat();
            }
        }
        return mean;
    }

    private double perplexity(NDManager manager, EncoderModel block, Trained trained, List<long[]> windows) {
        double sum = 0;
        int all = 0;
        for (Guesses go : goes(windows, new Random(recipe.seed()))) {
            try (NDManager scope = manager.newSubManager()) {
                sum += loss(scope, block, trained, go, false).getFloat();
                all += go.tokens().length;
            }
        }
        return Math.exp(sum / all);
    }

    private List<Guesses> goes(List<long[]> windows, Random random) {
        int each = recipe.maxBatchTokens() / recipe.encoder().attention().maxLength();
        return IntStream.iterate(0, from -> from < windows.size(), from -> from + each)
                .mapToObj(from -> mask(windows.subList(from, Math.min(from + each, windows.size())), random))
                .toList();
    }

    private Guesses mask(List<long[]> windows, Random random) {
        long[] ids = windows.stream().flatMapToLong(Arrays::stream).toArray();
        long[] places = IntStream.range(0, ids.length)
                .filter(i -> ids[i] >= FIRST_WORD && random.nextFloat() < recipe.masked())
                .mapToLong(i -> i)
                .toArray();
        long[] tokens = Arrays.stream(places).map(place -> ids[(int) place]).toArray();
        for (long place : places) {
            float chance = random.nextFloat();
            if (chance < 0.9f) {
                ids[(int) place] = chance < 0.8f ? MASK : FIRST_WORD + random.nextInt(recipe.vocabSize() - FIRST_WORD);
            }
        }
        return new Guesses(ids, places, tokens);
    }

    /** The sum of the negative log-probabilities of what stood in the places: (). */
    private NDArray loss(NDManager scope, EncoderModel block, Trained trained, Guesses go, boolean training) {
        int n = recipe.encoder().attention().maxLength();
        NDArray ids = scope.create(go.ids(), new Shape(go.ids().length / n, n)); // (b, n)
        NDArray mask = scope.ones(ids.getShape()); // (b, n)
        NDArray places = scope.create(go.places()); // (p)
        NDArray logits = block.forward(trained.store(scope), new NDList(ids, mask, places), training)
                .head(); // (p, vocabSize)
        NDArray tokens = scope.create(go.tokens()).expandDims(1); // (p, 1)
        return logits.logSoftmax(1).gather(tokens, 1).sum().neg();
    }
}
