package org.linformer.zoo.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.TorchScript;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
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
    private static final double SECONDS_BETWEEN_LINES = 10;

    private final EmbeddingRecipe recipe;
    private final Path start;
    private final ModelConfig config;
    private final Path out;
    private final PrintStream progress;
    private final BooleanSupplier stopped;

    /**
     * Prepares a training.
     *
     * @param recipe the recipe
     * @param start folder of the model to start from
     * @param out folder of the updates that are made, and of the checkpoint until then
     * @param progress where progress is told
     * @param stopped asked after each step whether to stop
     * @throws IOException if the start cannot be read
     * @throws IllegalArgumentException if the layers of the start are not apart
     */
    public EmbeddingTraining(
            EmbeddingRecipe recipe, Path start, Path out, PrintStream progress, BooleanSupplier stopped)
            throws IOException {
        this.recipe = recipe;
        this.start = start;
        this.out = out;
        this.progress = progress;
        this.stopped = stopped;
        config = ModelConfig.read(start);
        if (!config.encoder().apart()) {
            throw new IllegalArgumentException("the layers of %s must be apart, but are not".formatted(start));
        }
    }

    /**
     * Trains until the recipe's last step, or until it is stopped, and leaves the best {@link Updates} in the folder.
     *
     * @param train files of pairs to learn from; pairs whose document is too short to learn from are left out
     * @param validation files of pairs to choose by
     * @return whether the training is finished
     * @throws IOException if a file cannot be read or written
     */
    public boolean run(List<Path> train, List<Path> validation) throws IOException {
        Files.createDirectories(out);
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                TextTokenizer tokenizer = new TextTokenizer(start.resolve(ModelConfig.TOKENIZER), config.maxTokens())) {
            manager.getEngine().setRandomSeed((int) recipe.seed());
            EncoderModel block = new EncoderModel(config.vocabSize(), config.encoder(), config.heads());
            block.initialize(manager, DataType.FLOAT32, new Shape(1, config.maxTokens()));
            try (InputStream in = new BufferedInputStream(Files.newInputStream(start.resolve(ModelConfig.WEIGHTS)))) {
                Weights.load(block, manager, in, DataType.FLOAT32);
            }
            block.freezeParameters(true);
            if (TorchScript.isBfloat16Fast(Device.cpu())) {
                block.toMixedPrecision();
            }
            List<QueriedText> documents = embedded(manager, block, tokenizer, longPairs(tokenizer, train));
            List<QueriedText> searched = embedded(manager, block, tokenizer, some(longPairs(tokenizer, validation)));
            return train(manager, block, documents, searched);
        }
    }

    private boolean train(NDManager manager, EncoderModel block, List<QueriedText> train, List<QueriedText> validation)
            throws IOException {
        Map<String, NDArray> weights = new LinkedHashMap<>();
        Map<String, Float> rates = new LinkedHashMap<>();
        Map<Parameter, LowRank.Factors> factors = new HashMap<>();
        choose(block, weights, rates, factors);
        weights.values().forEach(weight -> weight.setRequiresGradient(true));
        progress.printf(
                "%,d documents, %,d tokens, %,d steps, %,d weights%n",
                train.size(),
                train.stream().mapToLong(document -> document.text().read()).sum(),
                recipe.steps(),
                weights.values().stream().mapToLong(NDArray::size).sum());
        try (AdamW optimizer = new AdamW(manager, weights, rates, 0, recipe.maxGradientNorm())) {
            String json = StrictJson.write(recipe);
            Path folder = out.resolve(CHECKPOINT);
            Checkpoint before = Checkpoint.restore(folder, json, weights, optimizer);
            Checkpoint at = before == null ? new Checkpoint(json, 0, 0, -1, 0, 0) : before;
            if (before != null) {
                progress.println("goes on after step " + at.step());
            }
            ContrastiveLoss loss = new ContrastiveLoss(manager, recipe, train);
            long began = System.nanoTime();
            long told = began;
            long tokensBefore = at.tokens();
            double secondsBefore = at.seconds();
            while (at.step() < recipe.steps()) {
                int step = at.step() + 1;
                List<Integer> batch = batch(step, train.size());
                step(manager, block, factors, train, batch, loss, step);
                optimizer.step(step, Schedule.share(step, recipe.steps(), recipe.warmup()));
                long now = System.nanoTime();
                at = at.after(
                        secondsBefore + (now - began) / 1e9,
                        at.tokens()
                                + batch.stream()
                                        .mapToLong(i -> train.get(i).text().read())
                                        .sum());
                if (now - told > SECONDS_BETWEEN_LINES * 1e9) {
                    told = now;
                    progress.printf(
                            "step %d of %d, %s, %,.0f tokens/s%n",
                            step,
                            recipe.steps(),
                            loss.tell(),
                            (at.tokens() - tokensBefore) / (at.seconds() - secondsBefore));
                }
                boolean isStopped = stopped.getAsBoolean();
                if (!isStopped
                        && (long) step * recipe.checks() / recipe.steps()
                                > (step - 1L) * recipe.checks() / recipe.steps()) {
                    double rank = meanReciprocalRank(manager, block, factors, validation);
                    progress.printf("step %d: MRR %.4f on %d validation pairs%n", step, rank, validation.size());
                    if (rank > at.bestScore()) {
                        Weights.save(weights, out.resolve(Updates.FILE), DataType.FLOAT16);
                        at = at.withBest(step, rank);
                    }
                    at.save(folder, weights, optimizer);
                    began = System.nanoTime();
                    secondsBefore = at.seconds();
                    tokensBefore = at.tokens();
                }
                if (isStopped) {
                    at.save(folder, weights, optimizer);
                    progress.println("stopped after step %d; the same command goes on from there".formatted(step));
                    return false;
                }
            }
        }
        return true;
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
    private void choose(
            EncoderModel block,
            Map<String, NDArray> weights,
            Map<String, Float> rates,
            Map<Parameter, LowRank.Factors> factors) {
        Weights.of(block).forEach((name, parameter) -> {
            boolean isBehind = name.startsWith("encoder.behind.");
            NDArray weight = parameter.getArray();
            float rate = name.contains("position_embeddings")
                    ? recipe.positionRate()
                    : name.contains(".pooling.")
                            ? recipe.poolingRate()
                            : !isBehind
                                    ? 0
                                    : name.matches(".*\\.[EF]")
                                            ? recipe.projectionRate()
                                            : weight.getShape().dimension() == 1 ? recipe.vectorRate() : 0;
            if (rate > 0) {
                weights.put(name, weight);
                rates.put(name, rate);
            } else if (isBehind
                    && weight.getShape().dimension() == 2
                    && recipe.rank() > 0
                    && !name.matches(".*\\.[EF]")) {
                LowRank.Factors both = LowRank.Factors.of(weight, recipe.rank());
                factors.put(parameter, both);
                weights.put(name + Updates.A, both.a());
                weights.put(name + Updates.B, both.b());
                rates.put(name + Updates.A, recipe.lowRankRate());
                rates.put(name + Updates.B, recipe.lowRankRate());
            }
        });
    }

    private List<Integer> batch(int step, int documents) {
        int perEpoch = documents / recipe.batchSize();
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, documents).boxed().toList());
        Collections.shuffle(order, new Random(recipe.seed() + (step - 1) / perEpoch));
        int from = (step - 1) % perEpoch * recipe.batchSize();
        return order.subList(from, from + recipe.batchSize());
    }

    /** Adds up the gradients of one step's mean loss. */
    private void step(
            NDManager manager,
            EncoderModel block,
            Map<Parameter, LowRank.Factors> factors,
            List<QueriedText> train,
            List<Integer> batch,
            ContrastiveLoss loss,
            int step) {
        Random random = new Random(recipe.seed() * 31 + step);
        List<float[]> made = new ArrayList<>();
        List<TokenizedText> texts = batch.stream().map(i -> train.get(i).text()).toList();
        for (List<Integer> go : TokenizedText.byLength(texts, recipe.maxBatchTokens())) {
            try (NDManager scope = manager.newSubManager();
                    GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                NDArray vectors = vectors(
                        scope, block, factors, go.stream().map(texts::get).toList(), true); // (b, d)
                NDArray sum =
                        loss.of(scope, vectors, go.stream().map(batch::get).toList(), random); // ()
                gradients.backward(sum.div(batch.size()));
                made.addAll(rows(vectors));
            }
        }
        loss.remember(made);
    }

    private static NDArray vectors(
            NDManager scope,
            EncoderModel block,
            Map<Parameter, LowRank.Factors> factors,
            List<TokenizedText> texts,
            boolean training) {
        ParameterStore store = new LowRank(scope, factors);
        return block.forward(store, TokenizedText.batch(scope, texts), training).head(); // (b, d)
    }

    private double meanReciprocalRank(
            NDManager manager, EncoderModel block, Map<Parameter, LowRank.Factors> factors, List<QueriedText> pairs) {
        List<float[]> documents = embed(
                manager, block, factors, pairs.stream().map(QueriedText::text).toList());
        List<float[]> queries = pairs.stream().map(QueriedText::query).toList();
        return VectorSearch.meanReciprocalRank(VectorSearch.ranks(queries, documents, documents));
    }

    private List<float[]> embed(
            NDManager manager, EncoderModel block, Map<Parameter, LowRank.Factors> factors, List<TokenizedText> texts) {
        float[][] vectors = new float[texts.size()][];
        for (List<Integer> go : TokenizedText.byLength(texts, recipe.maxBatchTokens())) {
            try (NDManager scope = manager.newSubManager()) {
                List<float[]> rows = rows(vectors(
                        scope, block, factors, go.stream().map(texts::get).toList(), false));
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
        List<float[]> vectors = embed(manager, block, Map.of(), shorts);
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
        return config.encoder().attention() instanceof LinformerAttention.Config linformer
                ? linformer.k().get(0)
                : config.maxTokens();
    }

    private static Stream<String> sentences(String document) {
        return Arrays.stream(document.split("(?<=[.!?])\\s+|\\n")).filter(sentence -> {
            int words = sentence.strip().split("\\s+").length;
            return words >= MIN_WORDS && words <= MAX_WORDS;
        });
    }
}
