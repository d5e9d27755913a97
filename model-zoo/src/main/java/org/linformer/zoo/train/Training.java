package org.linformer.zoo.train;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.Sha256;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.data.Example;

/**
 * Trains a classifier by a recipe, from {@code train.jsonl} and {@code validation.jsonl}, measures it once on {@code
 * test.jsonl}, and writes the model's folder. Stopped, it goes on from its last checkpoint when it is run again.
 */
public final class Training {

    private static final String CHECKPOINT = "checkpoint";
    private static final long HIDDEN_TOKEN = 103; // [MASK] of BERT's vocabulary
    private static final double SECONDS_BETWEEN_LINES = 10;

    private final Path recipeFile;
    private final Recipe recipe;
    private final Path data;
    private final Path out;
    private final PrintStream progress;
    private final BooleanSupplier stopped;

    /**
     * Prepares a training.
     *
     * @param recipeFile the recipe, with {@code tokenizer.json} beside it
     * @param data folder of the labelled texts
     * @param out folder of the model that is made, and of the checkpoint until then
     * @param progress where progress is told
     * @param stopped asked after each step whether to stop
     * @throws IOException if the recipe cannot be read
     */
    public Training(Path recipeFile, Path data, Path out, PrintStream progress, BooleanSupplier stopped)
            throws IOException {
        this.recipeFile = recipeFile;
        this.recipe = Recipe.read(recipeFile);
        this.data = data;
        this.out = out;
        this.progress = progress;
        this.stopped = stopped;
    }

    /**
     * Trains until the recipe's last epoch, or until it is stopped.
     *
     * @param command what is put into {@code metrics.json} as the command
     * @return whether the model is finished
     * @throws IOException if a file cannot be read or written
     * @throws ModelNotFoundException if the finished model cannot be loaded
     * @throws MalformedModelException if the finished model cannot be loaded
     * @throws TranslateException if the finished model cannot be measured
     */
    public boolean run(String command)
            throws IOException, ModelNotFoundException, MalformedModelException, TranslateException {
        Files.createDirectories(out);
        Path tokenizerFile = recipeFile.toAbsolutePath().resolveSibling(ModelConfig.TOKENIZER);
        List<LabelledText> train;
        List<LabelledText> validation;
        try (TextTokenizer tokenizer =
                new TextTokenizer(tokenizerFile, recipe.encoder().attention().maxLength())) {
            train = Evaluator.tokenize(Example.read(data.resolve("train.jsonl")), tokenizer, recipe.labels());
            validation = Evaluator.tokenize(Example.read(data.resolve("validation.jsonl")), tokenizer, recipe.labels());
        }
        Checkpoint last;
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            manager.getEngine().setRandomSeed((int) recipe.seed());
            last = train(manager, train, validation);
        }
        if (last.step() < totalSteps(train)) {
            progress.println("stopped after step %d; the same command goes on from there".formatted(last.step()));
            return false;
        }
        finish(command, tokenizerFile, train.size(), last);
        return true;
    }

    private int stepsPerEpoch(List<LabelledText> train) {
        return (train.size() + recipe.batchSize() - 1) / recipe.batchSize();
    }

    private int totalSteps(List<LabelledText> train) {
        return stepsPerEpoch(train) * recipe.epochs();
    }

    private Checkpoint train(NDManager manager, List<LabelledText> train, List<LabelledText> validation)
            throws IOException {
        Path folder = out.resolve(CHECKPOINT);
        EncoderModel block = new EncoderModel(recipe.vocabSize(), recipe.encoder(), recipe.heads());
        block.initialize(
                manager,
                DataType.FLOAT32,
                new Shape(1, recipe.encoder().attention().maxLength()));
        int perEpoch = stepsPerEpoch(train);
        int total = totalSteps(train);
        long tokensOfAll = train.stream().mapToLong(text -> text.text().read()).sum();
        progress.println("%d texts, %,d tokens, %d epochs of %d steps, %,d weights"
                .formatted(train.size(), tokensOfAll, recipe.epochs(), perEpoch, sizeOf(block)));
        Map<String, NDArray> weights = new LinkedHashMap<>();
        Weights.of(block).forEach((name, parameter) -> weights.put(name, parameter.getArray()));
        Map<String, Float> rates = new HashMap<>();
        weights.keySet().forEach(name -> rates.put(name, recipe.learningRate()));
        try (AdamW optimizer = new AdamW(manager, weights, rates, recipe.weightDecay(), recipe.maxGradientNorm())) {
            String json = StrictJson.write(recipe);
            Checkpoint before = Checkpoint.restore(folder, json, weights, optimizer);
            if (before != null) {
                progress.println("goes on after step " + before.step());
            }
            Checkpoint at = before == null ? new Checkpoint(json, 0, 0, -1, 0, 0) : before;
            ParameterStore store = new ParameterStore(manager, false);
            Meter meter = new Meter(progress, at, total);
            for (int epoch = at.step() / perEpoch; epoch < recipe.epochs(); epoch++) {
                List<List<LabelledText>> steps = Batches.steps(train, recipe.batchSize(), recipe.seed() + epoch);
                List<List<LabelledText>> rest = steps.subList(at.step() - epoch * perEpoch, perEpoch);
                double losses = 0;
                for (List<LabelledText> step : rest) {
                    int number = at.step() + 1;
                    float loss = accumulate(manager, block, store, step, number);
                    losses += loss;
                    optimizer.step(number, Schedule.share(number, total, recipe.warmup()));
                    at = meter.after(at, loss, step);
                    if (stopped.getAsBoolean()) {
                        at.save(folder, weights, optimizer);
                        return at;
                    }
                }
                Evaluation evaluation = evaluate(manager, block, store, validation);
                progress.println("epoch %d of %d: mean loss %.4f, validation %s"
                        .formatted(epoch + 1, recipe.epochs(), losses / rest.size(), evaluation));
                if (evaluation.macroF1() > at.bestScore()) {
                    Weights.save(block, out.resolve(ModelConfig.WEIGHTS), DataType.FLOAT16);
                    at = at.withBest(epoch + 1, evaluation.macroF1());
                }
                at.save(folder, weights, optimizer);
            }
            return at;
        }
    }

    private static long sizeOf(EncoderModel block) {
        return Weights.of(block).values().stream()
                .mapToLong(parameter -> parameter.getArray().size())
                .sum();
    }

    /** Adds up the gradients of one step's mean loss. */
    private float accumulate(
            NDManager manager, EncoderModel block, ParameterStore store, List<LabelledText> step, int number) {
        Random random = new Random(recipe.seed() * 31 + number);
        List<LabelledText> hidden =
                step.stream().map(text -> hideTokens(text, random)).toList();
        float sum = 0;
        for (List<LabelledText> go : Batches.goes(hidden, recipe.maxBatchTokens())) {
            try (NDManager scope = manager.newSubManager();
                    GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                NDArray logits = logits(scope, block, store, go, true); // (b, classes)
                long[] labels = go.stream().mapToLong(LabelledText::label).toArray();
                NDArray wanted = scope.create(labels).oneHot(recipe.labels().size()); // (b, classes)
                NDArray loss = logits.logSoftmax(-1).mul(wanted).sum().div(-step.size()); // ()
                gradients.backward(loss);
                sum += loss.getFloat();
            }
        }
        return sum;
    }

    private LabelledText hideTokens(LabelledText text, Random random) {
        if (recipe.tokenDropout() == 0) {
            return text;
        }
        long[] ids = text.text().ids().clone();
        for (int i = 1; i < ids.length - 1; i++) {
            if (random.nextFloat() < recipe.tokenDropout()) {
                ids[i] = HIDDEN_TOKEN;
            }
        }
        return new LabelledText(new TokenizedText(ids, text.text().total()), text.label());
    }

    private static NDArray logits(
            NDManager scope, EncoderModel block, ParameterStore store, List<LabelledText> texts, boolean training) {
        NDList inputs = TokenizedText.batch(
                scope, texts.stream().map(LabelledText::text).toList());
        return block.forward(store, inputs, training).head();
    }

    private Evaluation evaluate(NDManager manager, EncoderModel block, ParameterStore store, List<LabelledText> texts) {
        List<List<LabelledText>> goes = Batches.goes(texts, recipe.maxBatchTokens());
        int[] expected = goes.stream()
                .flatMap(List::stream)
                .mapToInt(LabelledText::label)
                .toArray();
        int[] actual = goes.stream()
                .flatMapToInt(go -> {
                    try (NDManager scope = manager.newSubManager()) {
                        long[] best =
                                logits(scope, block, store, go, false).argMax(1).toLongArray();
                        return Arrays.stream(best).mapToInt(label -> (int) label);
                    }
                })
                .toArray();
        return Evaluation.of(recipe.labels(), expected, actual);
    }

    private void finish(String command, Path tokenizerFile, int trainTexts, Checkpoint last)
            throws IOException, ModelNotFoundException, MalformedModelException, TranslateException {
        copy(tokenizerFile, out.resolve(ModelConfig.TOKENIZER));
        copy(recipeFile, out.resolve(Recipe.FILE));
        ModelConfig config = new ModelConfig(
                recipe.name(),
                recipe.version(),
                recipe.labels(),
                recipe.vocabSize(),
                recipe.encoder(),
                recipe.heads(),
                Map.of(
                        ModelConfig.WEIGHTS, Sha256.of(out.resolve(ModelConfig.WEIGHTS)),
                        ModelConfig.TOKENIZER, Sha256.of(out.resolve(ModelConfig.TOKENIZER))));
        Files.writeString(out.resolve(ModelConfig.FILE), StrictJson.write(config) + "\n");
        Metrics metrics;
        try (Evaluator evaluator =
                new Evaluator(LinformerModelZoo.url(out.toAbsolutePath().toString()))) {
            int all = config.maxTokens();
            List<LabelledText> validation = evaluator.tokenize(Example.read(data.resolve("validation.jsonl")));
            List<LabelledText> test = evaluator.tokenize(Example.read(data.resolve("test.jsonl")));
            List<LabelledText> longer =
                    test.stream().filter(text -> text.text().total() > 512).toList();
            metrics = new Metrics(
                    command,
                    trainTexts,
                    recipe.epochs(),
                    last.bestAt(),
                    last.tokens(),
                    last.seconds() / 60,
                    last.tokens() / last.seconds(),
                    evaluator.evaluate(validation, all),
                    evaluator.evaluate(test, all),
                    evaluator.evaluate(test, 512),
                    evaluator.evaluate(longer, all),
                    evaluator.evaluate(longer, 512));
        }
        Files.writeString(out.resolve(Metrics.FILE), StrictJson.write(metrics) + "\n");
        Files.writeString(
                out.resolve(Card.FILE), Card.of(recipe, config, metrics, Files.size(out.resolve(ModelConfig.WEIGHTS))));
        progress.println("test %s: %s".formatted(metrics.test(), out));
    }

    private static void copy(Path from, Path to) throws IOException {
        if (!from.toAbsolutePath().normalize().equals(to.toAbsolutePath().normalize())) {
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Counts and tells. */
    private static final class Meter {

        private final PrintStream progress;
        private final int total;
        private final long start = System.nanoTime();
        private final Checkpoint before;
        private double told;

        Meter(PrintStream progress, Checkpoint before, int total) {
            this.progress = progress;
            this.before = before;
            this.total = total;
        }

        Checkpoint after(Checkpoint at, float loss, List<LabelledText> step) {
            double elapsed = (System.nanoTime() - start) / 1e9;
            long tokens = at.tokens()
                    + step.stream().mapToLong(text -> text.text().read()).sum();
            Checkpoint now = at.after(before.seconds() + elapsed, tokens);
            if (elapsed - told >= SECONDS_BETWEEN_LINES) {
                told = elapsed;
                int made = now.step() - before.step();
                progress.println("step %d of %d, loss %.4f, %,.0f tokens/s, %.0f min left"
                        .formatted(
                                now.step(),
                                total,
                                loss,
                                (tokens - before.tokens()) / elapsed,
                                elapsed / made * (total - now.step()) / 60));
            }
            return now;
        }
    }
}
