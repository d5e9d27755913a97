package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.linformer.attention.LinformerAttention;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;
import org.linformer.zoo.data.Pair;
import org.linformer.zoo.search.VectorSearch;

/**
 * Trains an embedding model for long texts on pairs of a query and a document, without touching what it does with texts
 * of at most k tokens: E and F, the positions, layers and weights of the mean behind the first k positions learn.
 *
 * <p>The queries are short, so their vectors do not change: they are computed once, and each document is told apart
 * from all of them ({@link ContrastiveLoss}). So are two sentences of each document, which keeps its vector about the
 * whole text and not about what a title says. The other way round, a query is to find its document among those of
 * earlier steps; a training that goes on gathers these anew.
 */
public final class EmbeddingTraining {

    private static final int VALIDATION_DOCUMENTS = 400;
    private static final int QUERY_TOKENS = 64;
    private static final int SENTENCES = 2;
    private static final int MIN_WORDS = 6;
    private static final int MAX_WORDS = 40;

    private final Path recipeFile;
    private final EmbeddingRecipe recipe;
    private final Start start;
    private final Path out;
    private final PrintStream progress;
    private final BooleanSupplier stopped;

    /**
     * Prepares a training.
     *
     * @param recipeFile the recipe
     * @param recipe what is in it
     * @param start folder of the model to start from
     * @param out folder of the model that is made, and of the checkpoint
     * @param progress where progress is told
     * @param stopped asked after each step whether to stop
     * @throws IOException if the start cannot be read
     */
    public EmbeddingTraining(
            Path recipeFile,
            EmbeddingRecipe recipe,
            Path start,
            Path out,
            PrintStream progress,
            BooleanSupplier stopped)
            throws IOException {
        this.recipeFile = recipeFile;
        this.recipe = recipe;
        this.start = new Start(recipe, start);
        this.out = out;
        this.progress = progress;
        this.stopped = stopped;
    }

    /**
     * Trains until the recipe's last step, or until it is stopped, and leaves the model and the {@link Updates} that
     * made it in the folder.
     *
     * @param train files of pairs to learn from; pairs whose document is too short to learn from are left out
     * @param validation files of pairs to choose by
     * @param command what is put into {@code metrics.json} as the command
     * @return whether the training is finished
     * @throws IOException if a file cannot be read or written
     */
    public boolean run(List<Path> train, List<Path> validation, String command) throws IOException {
        Map<Map<String, String>, List<EmbeddingMetrics.Search>> finished = EmbeddingMetrics.searches(out);
        TrainingLoop loop = new TrainingLoop(
                start, Stream.of(train, validation).flatMap(List::stream).toList(), out, progress, stopped);
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                TextTokenizer tokenizer = new TextTokenizer(
                        start.tokenizer(recipeFile),
                        recipe.encoder().attention().maxLength())) {
            EncoderModel block = start.trainable(manager);
            Finding task = new Finding(
                    manager, block, tokenizer, longPairs(tokenizer, train), some(longPairs(tokenizer, validation)));
            progress.printf(
                    "%,d documents, %,d tokens, %,d steps, from %s, %,d weights%n",
                    task.train.size(),
                    task.train.stream()
                            .mapToLong(document -> document.text().read())
                            .sum(),
                    recipe.steps(),
                    start,
                    task.trained.size());
            Checkpoint last;
            try (AdamW optimizer = task.trained.optimizer(manager, 0, recipe.maxGradientNorm())) {
                last = loop.run(
                        block, task.trained, optimizer, recipe.steps(), recipe.checks(), recipe.schedule(), task);
            }
            if (!recipe.schedule().isOver(last, recipe.steps(), recipe.checks())) {
                return false;
            }
            finish(command, task.train.size(), task.validation.size(), last, finished);
            return true;
        }
    }

    private void finish(
            String command,
            int documents,
            int validationPairs,
            Checkpoint last,
            Map<Map<String, String>, List<EmbeddingMetrics.Search>> finished)
            throws IOException {
        ModelConfig config = start.finish(recipeFile, out);
        new EmbeddingMetrics(
                        command,
                        start.toString(),
                        documents,
                        last.step(),
                        last.bestAt(),
                        validationPairs,
                        last.bestScore(),
                        last.tokens(),
                        last.seconds() / 60,
                        last.tokens() / last.seconds(),
                        finished.getOrDefault(config.sha256(), List.of()))
                .write(recipe, config, out);
        progress.println("trained: " + out);
    }

    /** Evenly taken, as a search among all of them costs as much as some steps. */
    private static List<LongPair> some(List<LongPair> documents) {
        int every = (documents.size() + VALIDATION_DOCUMENTS - 1) / VALIDATION_DOCUMENTS;
        return IntStream.range(0, documents.size())
                .filter(i -> i % every == 0)
                .mapToObj(documents::get)
                .toList();
    }

    /** What is trained, and how fast: E, F, positions, the mean's weights and vectors as they are, matrices by low rank. */
    private Trained choose(EncoderModel block) {
        Trained trained = new Trained(block);
        Weights.of(block).forEach((name, parameter) -> {
            boolean isBehind = name.startsWith("encoder.behind.");
            boolean isProjection = Trained.isProjection(name);
            boolean isMatrix = Trained.isMatrix(name, parameter.getArray());
            float rate = name.contains("position_embeddings")
                    ? recipe.positionRate()
                    : name.contains(".pooling.")
                            ? recipe.poolingRate()
                            : !isBehind
                                    ? 0
                                    : isProjection ? recipe.projectionRate() : isMatrix ? 0 : recipe.vectorRate();
            if (rate > 0) {
                trained.add(name, parameter, rate);
            } else if (isBehind && isMatrix && !isProjection && recipe.rank() > 0) {
                trained.addLowRank(name, parameter, recipe.rank(), recipe.lowRankRate());
            }
        });
        return trained;
    }

    /** To make a document's vector be found by its query. */
    private final class Finding implements TrainingLoop.Task {

        private final NDManager manager;
        private final EncoderModel block;
        private final Trained trained;
        private final List<QueriedText> train;
        private final List<QueriedText> validation;
        private final List<Integer> documents;
        private final ContrastiveLoss loss;

        Finding(
                NDManager manager,
                EncoderModel block,
                TextTokenizer tokenizer,
                List<LongPair> train,
                List<LongPair> validation) {
            this.manager = manager;
            this.block = block;
            trained = choose(block);
            this.train = embedded(tokenizer, train);
            this.validation = embedded(tokenizer, validation);
            documents = IntStream.range(0, train.size()).boxed().toList();
            loss = new ContrastiveLoss(manager, recipe, this.train);
        }

        @Override
        public TrainingLoop.Step step(int number) {
            Random random = new Random(recipe.seed() * 31 + number);
            List<Integer> batch = Batches.ofStep(documents, recipe.batchSize(), recipe.seed(), number);
            List<TokenizedText> texts =
                    batch.stream().map(i -> train.get(i).text()).toList();
            List<Integer> read = new ArrayList<>();
            List<float[]> made = new ArrayList<>();
            float mean = 0;
            for (List<Integer> go : TokenizedText.byLength(texts, recipe.maxBatchTokens())) {
                try (NDManager scope = manager.newSubManager();
                        GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                    NDArray vectors = vectors(scope, go.stream().map(texts::get).toList(), true); // (b, d)
                    List<Integer> numbers = go.stream().map(batch::get).toList();
                    NDArray part =
                            loss.of(scope, vectors, numbers, random).div(scope.full(new Shape(), batch.size())); // ()
                    gradients.backward(part);
                    mean += part.getFloat();
                    read.addAll(numbers);
                    made.addAll(rows(vectors));
                }
            }
            loss.remember(read, made);
            return new TrainingLoop.Step(
                    mean, texts.stream().mapToLong(TokenizedText::read).sum());
        }

        @Override
        public String tell(float mean) {
            return loss.tell();
        }

        @Override
        public double check(int step, double meanLoss) {
            List<float[]> vectors =
                    embed(validation.stream().map(QueriedText::text).toList());
            List<float[]> queries = validation.stream().map(QueriedText::query).toList();
            double rank = VectorSearch.meanReciprocalRank(VectorSearch.ranks(queries, vectors, vectors));
            progress.printf("step %d: MRR %.4f on %d validation pairs%n", step, rank, validation.size());
            return rank;
        }

        private NDArray vectors(NDManager scope, List<TokenizedText> texts, boolean training) {
            return block.forward(new ParameterStore(scope, false), TokenizedText.batch(scope, texts), training)
                    .head(); // (b, d)
        }

        private List<float[]> embed(List<TokenizedText> texts) {
            float[][] vectors = new float[texts.size()][];
            for (List<Integer> go : TokenizedText.byLength(texts, recipe.maxBatchTokens())) {
                try (NDManager scope = manager.newSubManager()) {
                    List<float[]> rows =
                            rows(vectors(scope, go.stream().map(texts::get).toList(), false));
                    for (int i = 0; i < rows.size(); i++) {
                        vectors[go.get(i)] = rows.get(i);
                    }
                }
            }
            return List.of(vectors);
        }

        /** The pairs with the vectors of what is short in them. */
        private List<QueriedText> embedded(TextTokenizer tokenizer, List<LongPair> pairs) {
            Random random = new Random(recipe.seed());
            List<List<String>> drawn = pairs.stream()
                    .map(pair -> {
                        List<String> all = new ArrayList<>(
                                sentences(pair.pair().document()).toList());
                        Collections.shuffle(all, random);
                        return all.subList(0, Math.min(SENTENCES, all.size()));
                    })
                    .toList();
            List<TokenizedText> shorts = IntStream.range(0, pairs.size())
                    .boxed()
                    .flatMap(i -> Stream.concat(Stream.of(pairs.get(i).pair().query()), drawn.get(i).stream()))
                    .map(text -> tokenizer.tokenize(text, Truncation.END).cut(Math.min(QUERY_TOKENS, k())))
                    .toList();
            List<float[]> vectors = embed(shorts);
            List<QueriedText> texts = new ArrayList<>();
            int next = 0;
            for (int i = 0; i < pairs.size(); i++) {
                int end = next + 1 + drawn.get(i).size();
                texts.add(new QueriedText(pairs.get(i).text(), vectors.get(next), vectors.subList(next + 1, end)));
                next = end;
            }
            return texts;
        }
    }

    private static List<float[]> rows(NDArray matrix) {
        float[] values = matrix.toFloatArray();
        int width = (int) matrix.getShape().get(1);
        List<float[]> rows = new ArrayList<>();
        for (int from = 0; from < values.length; from += width) {
            rows.add(Arrays.copyOfRange(values, from, from + width));
        }
        return rows;
    }

    private record LongPair(Pair pair, TokenizedText text) {}

    /** The pairs whose document has more than k tokens, and a sentence at least. */
    private List<LongPair> longPairs(TextTokenizer tokenizer, List<Path> files) throws IOException {
        List<LongPair> pairs = new ArrayList<>();
        for (Path file : files) {
            for (Pair pair : Pair.read(file)) {
                TokenizedText text = tokenizer.tokenize(pair.document(), Truncation.END);
                if (text.read() > k() && sentences(pair.document()).findAny().isPresent()) {
                    pairs.add(new LongPair(pair, text));
                }
            }
        }
        if (pairs.size() < recipe.batchSize()) {
            throw new IllegalArgumentException(
                    "%s must hold at least batchSize=%d documents of more than %d tokens, but has %d"
                            .formatted(files, recipe.batchSize(), k(), pairs.size()));
        }
        return pairs;
    }

    /** How many first positions are left as they are. */
    private int k() {
        return ((LinformerAttention.Config) recipe.encoder().attention()).k().get(0);
    }

    private static Stream<String> sentences(String document) {
        return Arrays.stream(document.split("(?<=[.!?])\\s+|\\n")).filter(sentence -> {
            int words = sentence.strip().split("\\s+").length;
            return words >= MIN_WORDS && words <= MAX_WORDS;
        });
    }
}
