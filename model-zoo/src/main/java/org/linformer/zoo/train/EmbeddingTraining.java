package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
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
 * Trains an embedding model for long texts on pairs of a query and a document, without touching what it does with texts of
 * at most k tokens: E and F, the positions, layers and weights of the mean behind the first k positions learn.
 *
 * <p>The queries are short, so their vectors do not change: they are computed once, and each document is told apart from
 * all of them ({@link ContrastiveLoss}). So are two sentences of each document, which keeps its vector about the whole text
 * and not about what a title says. The other way round, a query is to find its document among those of earlier steps.
 */
public final class EmbeddingTraining {

    private static final String CHECKPOINT = "checkpoint";
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
     * @param out folder of the model that is made, and of the checkpoint until then
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
     * Trains until the recipe's last step, or until it is stopped, and leaves the model and the {@link Updates} that made it
     * in the folder.
     *
     * @param train files of pairs to learn from; pairs whose document is too short to learn from are left out
     * @param validation files of pairs to choose by
     * @param command what is put into {@code metrics.json} as the command
     * @return whether the training is finished
     * @throws IOException if a file cannot be read or written
     */
    public boolean run(List<Path> train, List<Path> validation, String command) throws IOException {
        Files.createDirectories(out);
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                TextTokenizer tokenizer = new TextTokenizer(
                        start.tokenizer(recipeFile),
                        recipe.encoder().attention().maxLength())) {
            EncoderModel block = start.trainable(manager);
            List<QueriedText> documents = embedded(manager, block, tokenizer, longPairs(tokenizer, train));
            List<QueriedText> searched = embedded(manager, block, tokenizer, some(longPairs(tokenizer, validation)));
            Checkpoint last = train(manager, block, documents, searched);
            if (last.step() < recipe.steps()) {
                progress.println("stopped after step %d; the same command goes on from there".formatted(last.step()));
                return false;
            }
            finish(command, documents.size(), searched.size(), last);
            return true;
        }
    }

    private void finish(String command, int documents, int validationPairs, Checkpoint last) throws IOException {
        ModelConfig config = start.finish(recipeFile, out);
        new EmbeddingMetrics(
                        command,
                        start.toString(),
                        documents,
                        recipe.steps(),
                        last.bestAt(),
                        validationPairs,
                        last.bestScore(),
                        last.tokens(),
                        last.seconds() / 60,
                        last.tokens() / last.seconds(),
                        List.of())
                .write(recipe, config, out);
        progress.println("trained: " + out);
    }

    private Checkpoint train(
            NDManager manager, EncoderModel block, List<QueriedText> train, List<QueriedText> validation)
            throws IOException {
        Trained trained = choose(block);
        progress.printf(
                "%,d documents, %,d tokens, %,d steps, from %s, %,d weights%n",
                train.size(),
                train.stream().mapToLong(document -> document.text().read()).sum(),
                recipe.steps(),
                start,
                trained.size());
        try (AdamW optimizer = trained.optimizer(manager, 0, recipe.maxGradientNorm())) {
            String identity = start.identity();
            Path folder = out.resolve(CHECKPOINT);
            Checkpoint before = Checkpoint.restore(folder, identity, trained.weights(), optimizer);
            Checkpoint at = before == null ? new Checkpoint(identity, 0, 0, -1, 0, 0) : before;
            if (before != null) {
                progress.println("goes on after step " + at.step());
            }
            List<Integer> all = IntStream.range(0, train.size()).boxed().toList();
            ContrastiveLoss loss = new ContrastiveLoss(manager, recipe, train);
            LossCurve curve = new LossCurve(out, at.step());
            Meter meter = new Meter(progress, at, recipe.steps());
            while (at.step() < recipe.steps()) {
                int step = at.step() + 1;
                List<Integer> batch = Batches.ofStep(all, recipe.batchSize(), recipe.seed(), step);
                curve.add(step, step(manager, block, trained, train, batch, loss, step));
                optimizer.step(step, Schedule.share(step, recipe.steps(), recipe.warmup()));
                long tokens = batch.stream()
                        .mapToLong(i -> train.get(i).text().read())
                        .sum();
                at = meter.after(at, loss::tell, tokens);
                boolean isStopped = stopped.getAsBoolean();
                boolean isCheck = Schedule.isCheck(step, recipe.steps(), recipe.checks());
                if (!isStopped && isCheck) {
                    long checked = System.nanoTime();
                    double rank = meanReciprocalRank(manager, block, trained, validation);
                    progress.printf("step %d: MRR %.4f on %d validation pairs%n", step, rank, validation.size());
                    if (rank > at.bestScore()) {
                        trained.save(out.resolve(Updates.FILE));
                        at = at.withBest(step, rank);
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
            boolean isProjection = name.matches(".*\\.[EF]");
            int dimension = parameter.getArray().getShape().dimension();
            float rate = name.contains("position_embeddings")
                    ? recipe.positionRate()
                    : name.contains(".pooling.")
                            ? recipe.poolingRate()
                            : !isBehind
                                    ? 0
                                    : isProjection ? recipe.projectionRate() : dimension == 1 ? recipe.vectorRate() : 0;
            if (rate > 0) {
                trained.add(name, parameter, rate);
            } else if (isBehind && dimension == 2 && !isProjection && recipe.rank() > 0) {
                trained.addLowRank(name, parameter, recipe.rank(), recipe.lowRankRate());
            }
        });
        return trained;
    }

    /** Adds up the gradients of one step's mean loss, and returns it. */
    private float step(
            NDManager manager,
            EncoderModel block,
            Trained trained,
            List<QueriedText> train,
            List<Integer> batch,
            ContrastiveLoss loss,
            int step) {
        Random random = new Random(recipe.seed() * 31 + step);
        List<float[]> made = new ArrayList<>();
        float mean = 0;
        List<TokenizedText> texts = batch.stream().map(i -> train.get(i).text()).toList();
        for (List<Integer> go : TokenizedText.byLength(texts, recipe.maxBatchTokens())) {
            try (NDManager scope = manager.newSubManager();
                    GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                NDArray vectors = vectors(
                        scope, block, trained, go.stream().map(texts::get).toList(), true); // (b, d)
                NDArray part = loss.of(
                                scope, vectors, go.stream().map(batch::get).toList(), random)
                        .div(batch.size()); // ()
                gradients.backward(part);
                mean += part.getFloat();
                made.addAll(rows(vectors));
            }
        }
        loss.remember(made);
        return mean;
    }

    private static NDArray vectors(
            NDManager scope, EncoderModel block, Trained trained, List<TokenizedText> texts, boolean training) {
        return block.forward(trained.store(scope), TokenizedText.batch(scope, texts), training)
                .head(); // (b, d)
    }

    private double meanReciprocalRank(NDManager manager, EncoderModel block, Trained trained, List<QueriedText> pairs) {
        List<float[]> documents = embed(
                manager, block, trained, pairs.stream().map(QueriedText::text).toList());
        List<float[]> queries = pairs.stream().map(QueriedText::query).toList();
        return VectorSearch.meanReciprocalRank(VectorSearch.ranks(queries, documents, documents));
    }

    private List<float[]> embed(NDManager manager, EncoderModel block, Trained trained, List<TokenizedText> texts) {
        float[][] vectors = new float[texts.size()][];
        for (List<Integer> go : TokenizedText.byLength(texts, recipe.maxBatchTokens())) {
            try (NDManager scope = manager.newSubManager()) {
                List<float[]> rows = rows(vectors(
                        scope, block, trained, go.stream().map(texts::get).toList(), false));
                for (int i = 0; i < rows.size(); i++) {
                    vectors[go.get(i)] = rows.get(i);
                }
            }
        }
        return List.of(vectors);
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

    /** The pairs with the vectors of what is short in them. */
    private List<QueriedText> embedded(
            NDManager manager, EncoderModel block, TextTokenizer tokenizer, List<LongPair> pairs) {
        Random random = new Random(recipe.seed());
        List<List<String>> drawn = pairs.stream()
                .map(pair -> {
                    List<String> all =
                            new ArrayList<>(sentences(pair.pair().document()).toList());
                    Collections.shuffle(all, random);
                    return all.subList(0, Math.min(SENTENCES, all.size()));
                })
                .toList();
        List<TokenizedText> shorts = IntStream.range(0, pairs.size())
                .boxed()
                .flatMap(i -> Stream.concat(Stream.of(pairs.get(i).pair().query()), drawn.get(i).stream()))
                .map(text -> tokenizer.tokenize(text, Truncation.END).cut(QUERY_TOKENS))
                .toList();
        List<float[]> vectors = embed(manager, block, new Trained(block), shorts);
        List<QueriedText> texts = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < pairs.size(); i++) {
            int end = next + 1 + drawn.get(i).size();
            texts.add(new QueriedText(pairs.get(i).text(), vectors.get(next), vectors.subList(next + 1, end)));
            next = end;
        }
        return texts;
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
