package org.linformer.zoo.train;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.training.GradientCollector;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.data.Example;

/**
 * Trains a classifier by a recipe, from {@code train.jsonl} and {@code validation.jsonl}, measures it once on {@code
 * test.jsonl}, and writes the model's folder. Stopped, it goes on from its last checkpoint when it is run again.
 */
public final class ClassifierTraining {

    private static final String CHECKPOINT = "checkpoint";
    private static final long HIDDEN_TOKEN = 103; // [MASK] of BERT's vocabulary

    private final Path recipeFile;
    private final ClassifierRecipe recipe;
    private final Start start;
    private final Path data;
    private final Path out;
    private final PrintStream progress;
    private final BooleanSupplier stopped;

    /**
     * Prepares a training.
     *
     * @param recipeFile the recipe
     * @param recipe what is in it
     * @param start folder of the model whose embeddings and encoder are taken, or null to start from nothing, with
     *     {@code tokenizer.json} beside the recipe
     * @param data folder of the labelled texts
     * @param out folder of the model that is made, and of the checkpoint until then
     * @param progress where progress is told
     * @param stopped asked after each step whether to stop
     * @throws IOException if the model to start from cannot be read
     */
    public ClassifierTraining(
            Path recipeFile,
            ClassifierRecipe recipe,
            @Nullable Path start,
            Path data,
            Path out,
            PrintStream progress,
            BooleanSupplier stopped)
            throws IOException {
        this.recipeFile = recipeFile;
        this.recipe = recipe;
        this.start = new Start(recipe, start);
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
        List<LabelledText> train;
        List<LabelledText> validation;
        try (TextTokenizer tokenizer = new TextTokenizer(
                start.tokenizer(recipeFile), recipe.encoder().attention().maxLength())) {
            train = Evaluator.tokenize(Example.read(data.resolve("train.jsonl")), tokenizer, recipe.labels());
            validation = Evaluator.tokenize(Example.read(data.resolve("validation.jsonl")), tokenizer, recipe.labels());
        }
        Checkpoint last;
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            last = train(manager, train, validation);
        }
        if (last.step() < totalSteps(train)) {
            progress.println("stopped after step %d; the same command goes on from there".formatted(last.step()));
            return false;
        }
        finish(command, train.size(), last);
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
        EncoderModel block = start.trainable(manager);
        Trained trained = choose(block);
        int perEpoch = stepsPerEpoch(train);
        int total = totalSteps(train);
        long tokensOfAll = train.stream().mapToLong(text -> text.text().read()).sum();
        progress.println("%d texts, %,d tokens, %d epochs of %d steps, from %s, %,d weights"
                .formatted(train.size(), tokensOfAll, recipe.epochs(), perEpoch, start, trained.size()));
        try (AdamW optimizer = trained.optimizer(manager, recipe.weightDecay(), recipe.maxGradientNorm())) {
            String identity = start.identity();
            Checkpoint before = Checkpoint.restore(folder, identity, trained.weights(), optimizer);
            if (before != null) {
                progress.println("goes on after step " + before.step());
            }
            Checkpoint at = before == null ? new Checkpoint(identity, 0, 0, -1, 0, 0) : before;
            LossCurve curve = new LossCurve(out, at.step());
            Meter meter = new Meter(progress, at, total);
            for (int epoch = at.step() / perEpoch; epoch < recipe.epochs(); epoch++) {
                List<List<LabelledText>> steps = Batches.steps(train, recipe.batchSize(), recipe.seed() + epoch);
                List<List<LabelledText>> rest = steps.subList(at.step() - epoch * perEpoch, perEpoch);
                double losses = 0;
                for (List<LabelledText> step : rest) {
                    int number = at.step() + 1;
                    float loss = accumulate(manager, block, trained, step, number);
                    losses += loss;
                    curve.add(number, loss);
                    optimizer.step(number, Schedule.share(number, total, recipe.warmup()));
                    long tokens =
                            step.stream().mapToLong(text -> text.text().read()).sum();
                    at = meter.after(at, () -> "loss %.4f".formatted(loss), tokens);
                    if (stopped.getAsBoolean()) {
                        at.save(folder, trained.weights(), optimizer);
                        return at;
                    }
                }
                long checked = System.nanoTime();
                Evaluation evaluation = evaluate(manager, block, trained, validation);
                progress.println("epoch %d of %d: mean loss %.4f, validation %s"
                        .formatted(epoch + 1, recipe.epochs(), losses / rest.size(), evaluation));
                if (evaluation.macroF1() > at.bestScore()) {
                    if (start.isFromNothing()) {
                        Weights.save(block, out.resolve(ModelConfig.WEIGHTS), DataType.FLOAT16);
                    } else {
                        trained.save(out.resolve(Updates.FILE));
                    }
                    at = at.withBest(epoch + 1, evaluation.macroF1());
                }
                at.save(folder, trained.weights(), optimizer);
                curve.draw();
                meter.leaveOut(System.nanoTime() - checked);
            }
            return at;
        }
    }

    /** What is trained, and how fast. */
    private Trained choose(EncoderModel block) {
        Trained trained = new Trained(block);
        Weights.of(block).forEach((name, parameter) -> {
            boolean isMatrix = parameter.getArray().getShape().dimension() > 1;
            if (start.isFromNothing() || name.startsWith("heads.")) {
                trained.add(name, parameter, recipe.learningRate());
            } else if (recipe.rank() == 0
                    || !isMatrix
                    || name.matches(".*\\.[EF]")
                    || name.contains("position_embeddings")) {
                trained.add(name, parameter, recipe.startRate());
            } else if (name.startsWith("encoder.")) {
                trained.addLowRank(name, parameter, recipe.rank(), recipe.learningRate());
            }
        });
        return trained;
    }

    /** Adds up the gradients of one step's mean loss. */
    private float accumulate(
            NDManager manager, EncoderModel block, Trained trained, List<LabelledText> step, int number) {
        Random random = new Random(recipe.seed() * 31 + number);
        List<LabelledText> hidden =
                step.stream().map(text -> hideTokens(text, random)).toList();
        float sum = 0;
        for (List<LabelledText> go : Batches.goes(hidden, recipe.maxBatchTokens())) {
            try (NDManager scope = manager.newSubManager();
                    GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                NDArray logits = logits(scope, block, trained, go, true); // (b, classes)
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
            NDManager scope, EncoderModel block, Trained trained, List<LabelledText> texts, boolean training) {
        NDList inputs = TokenizedText.batch(
                scope, texts.stream().map(LabelledText::text).toList());
        return block.forward(trained.store(scope), inputs, training).head();
    }

    private Evaluation evaluate(NDManager manager, EncoderModel block, Trained trained, List<LabelledText> texts) {
        List<List<LabelledText>> goes = Batches.goes(texts, recipe.maxBatchTokens());
        int[] expected = goes.stream()
                .flatMap(List::stream)
                .mapToInt(LabelledText::label)
                .toArray();
        int[] actual = goes.stream()
                .flatMapToInt(go -> {
                    try (NDManager scope = manager.newSubManager()) {
                        long[] best = logits(scope, block, trained, go, false)
                                .argMax(1)
                                .toLongArray();
                        return Arrays.stream(best).mapToInt(label -> (int) label);
                    }
                })
                .toArray();
        return Evaluation.of(recipe.labels(), expected, actual);
    }

    private void finish(String command, int trainTexts, Checkpoint last)
            throws IOException, ModelNotFoundException, MalformedModelException, TranslateException {
        ModelConfig config = start.finish(recipeFile, out);
        ClassifierMetrics metrics;
        try (Evaluator evaluator =
                new Evaluator(LinformerModelZoo.url(out.toAbsolutePath().toString()))) {
            int all = config.maxTokens();
            List<LabelledText> validation = evaluator.tokenize(Example.read(data.resolve("validation.jsonl")));
            List<LabelledText> test = evaluator.tokenize(Example.read(data.resolve("test.jsonl")));
            List<ClassifierMetrics.Reading> readings = new ArrayList<>();
            for (int moreThan : new int[] {0, 512, 1024}) {
                List<LabelledText> longer = test.stream()
                        .filter(text -> text.text().total() > moreThan)
                        .toList();
                for (int upTo : all > 512 ? new int[] {all, 512} : new int[] {all}) {
                    if (!longer.isEmpty() && moreThan < all) {
                        readings.add(new ClassifierMetrics.Reading(moreThan, upTo, evaluator.evaluate(longer, upTo)));
                    }
                }
            }
            metrics = new ClassifierMetrics(
                    command,
                    start.toString(),
                    trainTexts,
                    recipe.epochs(),
                    last.bestAt(),
                    last.tokens(),
                    last.seconds() / 60,
                    last.tokens() / last.seconds(),
                    evaluator.evaluate(validation, all),
                    readings);
        }
        Files.writeString(out.resolve(Recipe.METRICS), StrictJson.write(metrics) + "\n");
        Files.writeString(
                out.resolve(Card.FILE), Card.of(recipe, config, metrics, Files.size(out.resolve(ModelConfig.WEIGHTS))));
        progress.println("test %s: %s".formatted(metrics.test().get(0).evaluation(), out));
    }
}
