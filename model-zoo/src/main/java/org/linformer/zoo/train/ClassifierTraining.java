package org.linformer.zoo.train;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
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

    private static final int CUT = 512; // tokens that BERT and its heirs read

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
     * @param out folder of the model that is made, and of the checkpoint
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
        Path trainFile = data.resolve("train.jsonl");
        Path validationFile = data.resolve("validation.jsonl");
        TrainingLoop loop = new TrainingLoop(
                start, List.of(trainFile, validationFile, start.tokenizer(recipeFile)), out, progress, stopped);
        List<LabelledText> train;
        List<LabelledText> validation;
        // read before the training, so that what is wrong in it is told now and not after hours
        List<LabelledText> test;
        try (TextTokenizer tokenizer = new TextTokenizer(
                start.tokenizer(recipeFile), recipe.encoder().attention().maxLength())) {
            if (recipe.tokenDropout() > 0) {
                BertTokens.require(start.tokenizer(recipeFile), tokenizer);
            }
            train = read(trainFile, tokenizer);
            validation = read(validationFile, tokenizer);
            test = read(data.resolve("test.jsonl"), tokenizer);
        }
        int perEpoch = Batches.perEpoch(train.size(), recipe.batchSize());
        int steps = perEpoch * recipe.epochs();
        Checkpoint last;
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            EncoderModel block = start.trainable(manager);
            Trained trained = choose(block);
            progress.println("%d texts, %,d tokens, %d epochs of %d steps, from %s, %,d weights"
                    .formatted(
                            train.size(),
                            train.stream().mapToLong(text -> text.text().read()).sum(),
                            recipe.epochs(),
                            perEpoch,
                            start,
                            trained.size()));
            try (AdamW optimizer = trained.optimizer(manager, recipe.weightDecay(), recipe.maxGradientNorm())) {
                Labelling task = new Labelling(manager, block, train, validation);
                last = loop.run(block, trained, optimizer, steps, recipe.epochs(), recipe.schedule(), task);
            }
        }
        if (!recipe.schedule().isOver(last, steps, recipe.epochs())) {
            return false;
        }
        finish(command, train.size(), perEpoch, last, validation, test);
        return true;
    }

    /** What is trained, and how fast. */
    private Trained choose(EncoderModel block) {
        Trained trained = new Trained(block);
        Weights.of(block).forEach((name, parameter) -> {
            boolean isMatrix = Trained.isMatrix(name, parameter.getArray());
            if (start.isFromNothing() || name.startsWith("heads.")) {
                trained.add(name, parameter, recipe.learningRate());
            } else if (recipe.rank() == 0
                    || !isMatrix
                    || Trained.isProjection(name)
                    || name.contains("position_embeddings")) {
                trained.add(name, parameter, recipe.startRate());
            } else if (name.contains(".attention.")
                    || (recipe.updated() == ClassifierRecipe.Updated.ALL && name.startsWith("encoder."))) {
                trained.addLowRank(name, parameter, recipe.rank(), recipe.learningRate());
            }
        });
        return trained;
    }

    /** To tell a text's label. */
    private final class Labelling implements TrainingLoop.Task {

        private final NDManager manager;
        private final EncoderModel block;
        private final List<LabelledText> train;
        private final List<LabelledText> validation;

        Labelling(NDManager manager, EncoderModel block, List<LabelledText> train, List<LabelledText> validation) {
            this.manager = manager;
            this.block = block;
            this.train = train;
            this.validation = validation;
        }

        @Override
        public TrainingLoop.Step step(int number) {
            Random random = new Random(recipe.seed() * 31 + number);
            List<LabelledText> texts = Batches.ofStepAlike(train, recipe.batchSize(), recipe.seed(), number).stream()
                    .map(text -> hideTokens(text, random))
                    .toList();
            float sum = 0;
            for (List<LabelledText> go : Batches.goes(texts, recipe.maxBatchTokens())) {
                try (NDManager scope = manager.newSubManager();
                        GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                    NDArray logits = logits(scope, go, true); // (b, classes)
                    long[] labels = go.stream().mapToLong(LabelledText::label).toArray();
                    NDArray wanted = scope.create(labels).oneHot(recipe.labels().size()); // (b, classes)
                    NDArray loss =
                            logits.logSoftmax(-1).mul(wanted).sum().div(scope.full(new Shape(), -texts.size())); // ()
                    gradients.backward(loss);
                    sum += loss.getFloat();
                }
            }
            return new TrainingLoop.Step(
                    sum, texts.stream().mapToLong(text -> text.text().read()).sum());
        }

        private LabelledText hideTokens(LabelledText text, Random random) {
            if (recipe.tokenDropout() == 0) {
                return text;
            }
            long[] ids = text.text().ids().clone();
            for (int i = 1; i < ids.length - 1; i++) {
                if (random.nextFloat() < recipe.tokenDropout()) {
                    ids[i] = BertTokens.MASK;
                }
            }
            return new LabelledText(new TokenizedText(ids, text.text().total()), text.label());
        }

        private NDArray logits(NDManager scope, List<LabelledText> texts, boolean training) {
            NDList inputs = TokenizedText.batch(
                    scope, texts.stream().map(LabelledText::text).toList());
            return block.forward(new ParameterStore(scope, false), inputs, training)
                    .head();
        }

        @Override
        public double check(int step, double meanLoss) {
            List<List<LabelledText>> goes = Batches.goes(validation, recipe.maxBatchTokens());
            int[] expected = goes.stream()
                    .flatMap(List::stream)
                    .mapToInt(LabelledText::label)
                    .toArray();
            int[] actual = goes.stream()
                    .flatMapToInt(go -> {
                        try (NDManager scope = manager.newSubManager()) {
                            long[] best = logits(scope, go, false).argMax(1).toLongArray();
                            return Arrays.stream(best).mapToInt(label -> (int) label);
                        }
                    })
                    .toArray();
            Evaluation evaluation = Evaluation.of(recipe.labels(), expected, actual);
            progress.println("epoch %d of %d: mean loss %.4f, validation %s"
                    .formatted(
                            step / Batches.perEpoch(train.size(), recipe.batchSize()),
                            recipe.epochs(),
                            meanLoss,
                            evaluation));
            return evaluation.macroF1();
        }
    }

    private List<LabelledText> read(Path file, TextTokenizer tokenizer) throws IOException {
        List<Example> examples = Example.read(file, recipe.labels());
        if (examples.isEmpty()) {
            throw new IllegalArgumentException(file + " must hold a text, but holds none");
        }
        List<LabelledText> texts = Evaluator.tokenize(examples, tokenizer, recipe.labels());
        texts.forEach(text -> start.requireIds(recipeFile, text.text().ids()));
        return texts;
    }

    private void finish(
            String command,
            int trainTexts,
            int perEpoch,
            Checkpoint last,
            List<LabelledText> validation,
            List<LabelledText> test)
            throws IOException, ModelNotFoundException, MalformedModelException, TranslateException {
        ModelConfig config = start.finish(recipeFile, out);
        ClassifierMetrics metrics;
        try (Evaluator evaluator =
                new Evaluator(LinformerModelZoo.url(out.toAbsolutePath().toString()))) {
            int all = config.maxTokens();
            List<ClassifierMetrics.Reading> readings = readings(evaluator, test, all);
            metrics = new ClassifierMetrics(
                    command,
                    start.toString(),
                    trainTexts,
                    last.step() / perEpoch,
                    last.bestAt() / perEpoch,
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

    /** All test texts and the long ones, each read whole and cut, in the order of the card. */
    private static List<ClassifierMetrics.Reading> readings(Evaluator evaluator, List<LabelledText> test, int all)
            throws IOException, TranslateException {
        List<LabelledText> longestFirst = test.stream()
                .sorted(Comparator.comparingInt(text -> -text.text().total()))
                .toList();
        int[] whole = evaluator.answers(longestFirst, all);
        int[] cut = whole.clone(); // a text that is not cut is answered as before
        int[] answersToLonger = evaluator.answers(longestFirst.subList(0, longerThan(CUT, test)), CUT);
        System.arraycopy(answersToLonger, 0, cut, 0, answersToLonger.length);
        List<ClassifierMetrics.Reading> readings = new ArrayList<>();
        for (int moreThan : new int[] {0, CUT, 2 * CUT}) {
            int count = longerThan(moreThan, test);
            if (count > 0 && moreThan < all) {
                List<LabelledText> texts = longestFirst.subList(0, count);
                readings.add(new ClassifierMetrics.Reading(moreThan, all, evaluator.evaluation(texts, whole)));
                if (all > CUT) {
                    readings.add(new ClassifierMetrics.Reading(moreThan, CUT, evaluator.evaluation(texts, cut)));
                }
            }
        }
        return readings;
    }

    private static int longerThan(int tokens, List<LabelledText> texts) {
        return (int) texts.stream().filter(text -> text.text().total() > tokens).count();
    }
}
