package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextTokenizer;

/**
 * Pretrains an encoder on the texts of data sets, whatever their labels or queries, in {@link TextWindows}. Two recipes
 * of the same seed, windows, masked share and maxBatchTokens read the same windows in the same order, with the same
 * tokens masked.
 */
public final class MaskedTokenTraining {

    private static final String PERPLEXITIES = "perplexities.csv";

    private final Path recipeFile;
    private final MaskedTokenRecipe recipe;
    private final Start start;
    private final Path out;
    private final PrintStream progress;
    private final BooleanSupplier stopped;

    /** Windows with some tokens masked, the places of these in all b * n, and what stood there. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Guesses(long[] ids, long[] places, long[] tokens) {}

    /**
     * Prepares a training.
     *
     * @param recipeFile the recipe, with {@code tokenizer.json} beside it
     * @param recipe what is in it
     * @param out folder of the model that is made, and of the checkpoint
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
        TextWindows windows = new TextWindows(data, length());
        List<Path> files = Stream.of(
                        windows.files("train"), windows.files("validation"), List.of(start.tokenizer(recipeFile)))
                .flatMap(List::stream)
                .toList();
        TrainingLoop loop = new TrainingLoop(start, files, out, progress, stopped);
        List<long[]> train;
        List<long[]> validation;
        try (TextTokenizer tokenizer = new TextTokenizer(start.tokenizer(recipeFile), Integer.MAX_VALUE)) {
            BertTokens.require(start.tokenizer(recipeFile), tokenizer);
            train = read(windows, "train", tokenizer, recipe.batchSize());
            validation = read(windows, "validation", tokenizer, recipe.validationWindows());
        }
        Collections.shuffle(validation, new Random(recipe.seed()));
        List<long[]> checked = validation.subList(0, recipe.validationWindows());
        float[] byFrequency = byFrequency(train);
        Checkpoint last;
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            EncoderModel block = start.trainable(manager);
            // so that what is learned is what a token's surroundings tell, from the first step on
            Weights.set(
                    block,
                    manager,
                    Map.of("heads.0.bias", manager.create(byFrequency)),
                    DataType.FLOAT32); // (vocabSize)
            Trained trained = new Trained(block);
            Weights.of(block)
                    .forEach((name, parameter) -> trained.add(
                            name,
                            parameter,
                            Trained.isProjection(name) ? recipe.projectionRate() : recipe.learningRate()));
            progress.println("%,d windows of %,d tokens, %,d steps of %d, %,d weights"
                    .formatted(train.size(), length(), recipe.steps(), recipe.batchSize(), trained.size()));
            try (AdamW optimizer = trained.optimizer(manager, recipe.weightDecay(), recipe.maxGradientNorm())) {
                Guessing task = new Guessing(manager, block, train, checked);
                last = loop.run(block, trained, optimizer, recipe.steps(), recipe.checks(), recipe.schedule(), task);
            }
        }
        if (!recipe.schedule().isOver(last, recipe.steps(), recipe.checks())) {
            return false;
        }
        finish(command, train.size(), last, unigramPerplexity(byFrequency, checked));
        return true;
    }

    /** The logarithm of each token's share in the windows, as if one token more stood there, of all kinds alike: (vocabSize). */
    private float[] byFrequency(List<long[]> windows) {
        long[] counts = new long[recipe.vocabSize()];
        windows.forEach(window -> Arrays.stream(window).forEach(id -> counts[(int) id]++));
        double all = (double) windows.size() * length() + 1;
        float[] logarithms = new float[counts.length];
        for (int id = 0; id < counts.length; id++) {
            logarithms[id] = (float) Math.log((counts[id] + 1.0 / counts.length) / all);
        }
        return logarithms;
    }

    private double unigramPerplexity(float[] byFrequency, List<long[]> windows) {
        return Math.exp(-goes(windows, new Random(recipe.seed())).stream()
                .flatMapToLong(go -> Arrays.stream(go.tokens()))
                .mapToDouble(token -> byFrequency[(int) token])
                .average()
                .orElseThrow());
    }

    private int length() {
        return recipe.encoder().attention().maxLength();
    }

    private void finish(String command, int trainWindows, Checkpoint last, double unigramPerplexity)
            throws IOException {
        ModelConfig config = start.finish(recipeFile, out);
        Map<Integer, Double> perplexities = new TreeMap<>();
        // a step that a crash had made again stands there twice, and steps of an earlier recipe may stand before them
        for (String line : Files.readAllLines(out.resolve(PERPLEXITIES))) {
            int comma = line.indexOf(',');
            int step = Integer.parseInt(line.substring(0, comma));
            if (step <= last.step() && Schedule.isCheck(step, recipe.steps(), recipe.checks())) {
                perplexities.put(step, Double.parseDouble(line.substring(comma + 1)));
            }
        }
        MaskedTokenMetrics metrics = new MaskedTokenMetrics(
                command,
                trainWindows,
                last.step(),
                last.bestAt(),
                last.tokens(),
                last.seconds() / 60,
                last.tokens() / last.seconds(),
                recipe.validationWindows(),
                unigramPerplexity,
                perplexities.entrySet().stream()
                        .map(each -> new MaskedTokenMetrics.Perplexity(each.getKey(), each.getValue()))
                        .toList());
        Files.writeString(out.resolve(Recipe.METRICS), StrictJson.write(metrics) + "\n");
        Files.writeString(
                out.resolve(Card.FILE), Card.of(recipe, config, metrics, Files.size(out.resolve(ModelConfig.WEIGHTS))));
        progress.println("trained: " + out);
    }

    private List<long[]> read(TextWindows windows, String split, TextTokenizer tokenizer, int least)
            throws IOException {
        List<long[]> read = windows.read(split, tokenizer);
        if (read.size() < least) {
            throw new IllegalArgumentException("%s must hold at least %d windows of %d tokens, but hold %d"
                    .formatted(windows.files(split), least, length(), read.size()));
        }
        read.forEach(ids -> start.requireIds(recipeFile, ids));
        return read;
    }

    /** To tell what stood where a token is masked. */
    private final class Guessing implements TrainingLoop.Task {

        private final NDManager manager;
        private final EncoderModel block;
        private final List<long[]> train;
        private final List<long[]> validation;

        Guessing(NDManager manager, EncoderModel block, List<long[]> train, List<long[]> validation) {
            this.manager = manager;
            this.block = block;
            this.train = train;
            this.validation = validation;
        }

        @Override
        public TrainingLoop.Step step(int number) {
            List<long[]> windows = Batches.ofStep(train, recipe.batchSize(), recipe.seed(), number);
            List<Guesses> goes = goes(windows, new Random(recipe.seed() * 31 + number));
            int all = goes.stream().mapToInt(go -> go.tokens().length).sum();
            float mean = 0;
            for (Guesses go : goes) {
                try (NDManager scope = manager.newSubManager();
                        GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                    NDArray part = loss(scope, go, true).div(scope.full(new Shape(), all)); // ()
                    gradients.backward(part);
                    mean += part.getFloat();
                }
            }
            return new TrainingLoop.Step(mean, (long) windows.size() * length());
        }

        @Override
        public double check(int step, double meanLoss) throws IOException {
            double sum = 0;
            int all = 0;
            for (Guesses go : goes(validation, new Random(recipe.seed()))) {
                try (NDManager scope = manager.newSubManager()) {
                    sum += loss(scope, go, false).getFloat();
                    all += go.tokens().length;
                }
            }
            double perplexity = Math.exp(sum / all);
            progress.println(
                    "step %d: perplexity %.2f on %d validation windows".formatted(step, perplexity, validation.size()));
            Files.writeString(
                    out.resolve(PERPLEXITIES),
                    String.format(Locale.ROOT, "%d,%.4f%n", step, perplexity),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            return 1 / perplexity;
        }

        /** The sum of the negative log-probabilities of what stood in the places: (). */
        private NDArray loss(NDManager scope, Guesses go, boolean training) {
            NDArray ids = scope.create(go.ids(), new Shape(go.ids().length / length(), length())); // (b, n)
            NDArray mask = scope.ones(ids.getShape()); // (b, n)
            NDArray places = scope.create(go.places()); // (p)
            NDArray logits = block.forward(new ParameterStore(scope, false), new NDList(ids, mask, places), training)
                    .head(); // (p, vocabSize)
            NDArray tokens = scope.create(go.tokens()).expandDims(1); // (p, 1)
            return logits.logSoftmax(1).gather(tokens, 1).sum().neg();
        }
    }

    private List<Guesses> goes(List<long[]> windows, Random random) {
        int each = recipe.maxBatchTokens() / length();
        return IntStream.iterate(0, from -> from < windows.size(), from -> from + each)
                .mapToObj(from -> mask(
                        windows.subList(from, Math.min(from + each, windows.size())),
                        recipe.masked(),
                        recipe.vocabSize(),
                        random))
                .toList();
    }

    /** Hides tokens as BERT does: of those that are to be guessed 80 % are masked, 10 % another token, and 10 % left. */
    static Guesses mask(List<long[]> windows, float masked, int vocabSize, Random random) {
        long[] ids = windows.stream().flatMapToLong(Arrays::stream).toArray();
        long[] places = IntStream.range(0, ids.length)
                .filter(i -> ids[i] >= BertTokens.FIRST_WORD && random.nextFloat() < masked)
                .mapToLong(i -> i)
                .toArray();
        long[] tokens = Arrays.stream(places).map(place -> ids[(int) place]).toArray();
        for (long place : places) {
            float chance = random.nextFloat();
            if (chance < 0.9f) {
                ids[(int) place] = chance < 0.8f
                        ? BertTokens.MASK
                        : BertTokens.FIRST_WORD + random.nextInt(vocabSize - BertTokens.FIRST_WORD);
            }
        }
        return new Guesses(ids, places, tokens);
    }
}
