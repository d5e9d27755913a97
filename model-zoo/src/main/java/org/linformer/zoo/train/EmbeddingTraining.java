package org.linformer.zoo.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
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

/**
 * Trains an embedding model for long texts on pairs of a query and a document, without touching what it does with texts of
 * at most k tokens: E and F, the positions, layers and weights of the mean behind the first k positions learn.
 *
 * <p>The queries are short, so their vectors do not change: they are computed once, and each document is told apart from
 * all of them (the loss of van den Oord et al. 2018, https://arxiv.org/abs/1807.03748, equation 4). So are the sentences of
 * the documents, two of each, which keeps the vector about the whole text and not about what a title says. The other way
 * round, a query is to find its document among those of the steps before.
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

    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Document(TokenizedText text, float[] query, List<float[]> sentences) {}

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
            List<Document> documents = read(manager, block, tokenizer, train);
            return train(manager, block, documents, some(read(manager, block, tokenizer, validation)));
        }
    }

    private boolean train(NDManager manager, EncoderModel block, List<Document> train, List<Document> validation)
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
            NDArray queries =
                    matrix(manager, train.stream().map(Document::query).toList()); // (q, d)
            NDArray sentences = matrix(
                    manager,
                    train.stream()
                            .flatMap(document -> document.sentences().stream())
                            .toList()); // (s, d)
            int[] firstSentence = new int[train.size() + 1];
            for (int i = 0; i < train.size(); i++) {
                firstSentence[i + 1] =
                        firstSentence[i] + train.get(i).sentences().size();
            }
            Deque<float[]> others = new ArrayDeque<>();
            long began = System.nanoTime();
            long told = began;
            long tokensBefore = at.tokens();
            double secondsBefore = at.seconds();
            double losses = 0;
            int made = 0;
            while (at.step() < recipe.steps()) {
                int step = at.step() + 1;
                List<Integer> batch = batch(step, train.size());
                losses += step(manager, block, factors, train, batch, queries, sentences, firstSentence, others, step);
                made++;
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
                            "step %d of %d, loss %.4f, %,.0f tokens/s%n",
                            step,
                            recipe.steps(),
                            losses / made,
                            (at.tokens() - tokensBefore) / (at.seconds() - secondsBefore));
                    losses = 0;
                    made = 0;
                }
                boolean isStopped = stopped.getAsBoolean();
                if (!isStopped
                        && (long) step * recipe.checks() / recipe.steps()
                                > (step - 1L) * recipe.checks() / recipe.steps()) {
                    double rank = meanReciprocalRank(manager, block, factors, validation);
                    progress.printf("step %d: MRR %.4f on %d validation pairs%n", step, rank, validation.size());
                    if (rank > at.bestMacroF1()) {
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
    private static List<Document> some(List<Document> documents) {
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

    /** Adds up the gradients of one step; returns its mean loss. */
    private float step(
            NDManager manager,
            EncoderModel block,
            Map<Parameter, LowRank.Factors> factors,
            List<Document> train,
            List<Integer> batch,
            NDArray queries,
            NDArray sentences,
            int[] firstSentence,
            Deque<float[]> others,
            int step) {
        Random random = new Random(recipe.seed() * 31 + step);
        List<float[]> fresh = new ArrayList<>();
        float sum = 0;
        List<TokenizedText> inBatch =
                batch.stream().map(i -> train.get(i).text()).toList();
        for (List<Integer> positions : TokenizedText.byLength(inBatch, recipe.maxBatchTokens())) {
            List<Integer> go = positions.stream().map(batch::get).toList();
            try (NDManager scope = manager.newSubManager();
                    GradientCollector gradients = manager.getEngine().newGradientCollector()) {
                List<TokenizedText> texts =
                        go.stream().map(i -> train.get(i).text()).toList();
                NDArray vectors = vectors(scope, block, factors, texts, true); // (b, d)
                long[] own = go.stream().mapToLong(i -> i).toArray();
                NDArray loss = found(scope, vectors, queries, own); // ()
                if (recipe.sentenceWeight() > 0) {
                    long[] drawn = go.stream()
                            .mapToLong(i -> firstSentence[i] + random.nextInt(firstSentence[i + 1] - firstSentence[i]))
                            .toArray();
                    loss = loss.add(found(scope, vectors, sentences, drawn).mul(recipe.sentenceWeight()));
                }
                if (recipe.documentWeight() > 0 && !others.isEmpty()) {
                    NDArray asked = matrix(
                            scope, go.stream().map(i -> train.get(i).query()).toList()); // (b, d)
                    NDArray documents = vectors.concat(matrix(scope, List.copyOf(others)), 0); // (b + o, d)
                    long[] first = LongStream.range(0, go.size()).toArray();
                    loss = loss.add(found(scope, asked, documents, first).mul(recipe.documentWeight()));
                }
                NDArray mean = loss.div(batch.size());
                gradients.backward(mean);
                sum += mean.getFloat();
                rows(vectors).forEach(fresh::add);
            }
        }
        others.addAll(fresh);
        while (others.size() > recipe.otherDocuments()) {
            others.removeFirst();
        }
        return sum;
    }

    /** The loss of taking another row for one's own: asked (b, d), rows (r, d). */
    private NDArray found(NDManager scope, NDArray asked, NDArray rows, long[] own) {
        NDArray cosines = asked.matMul(rows.get(scope, new NDIndex("...")).transpose()); // (b, r)
        NDArray wanted = scope.create(own).oneHot((int) rows.getShape().get(0)); // (b, r)
        return cosines.div(recipe.temperature()).logSoftmax(1).mul(wanted).sum().neg(); // ()
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
            NDManager manager, EncoderModel block, Map<Parameter, LowRank.Factors> factors, List<Document> pairs) {
        List<float[]> documents = embed(
                manager, block, factors, pairs.stream().map(Document::text).toList());
        double sum = 0;
        for (int i = 0; i < pairs.size(); i++) {
            float[] query = pairs.get(i).query();
            float own = dot(query, documents.get(i));
            sum += 1.0
                    / (1
                            + documents.stream()
                                    .filter(other -> dot(query, other) > own)
                                    .count());
        }
        return sum / pairs.size();
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

    private static float dot(float[] a, float[] b) {
        float sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
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

    private static NDArray matrix(NDManager manager, List<float[]> rows) {
        int width = rows.get(0).length;
        float[] values = new float[rows.size() * width];
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy(rows.get(i), 0, values, i * width, width);
        }
        return manager.create(values, new Shape(rows.size(), width));
    }

    /** The pairs with more than k tokens and a sentence at least, with the vectors of what is short in them. */
    private List<Document> read(NDManager manager, EncoderModel block, TextTokenizer tokenizer, List<Path> files)
            throws IOException {
        int k = k();
        Random random = new Random(recipe.seed());
        List<TokenizedText> texts = new ArrayList<>();
        List<TokenizedText> shorts = new ArrayList<>();
        List<Integer> sentencesOf = new ArrayList<>();
        for (Path file : files) {
            for (Pair pair : Pair.read(file)) {
                TokenizedText text = tokenizer.tokenize(pair.document(), Truncation.END);
                List<String> sentences = draw(pair.document(), random);
                if (text.read() > k && !sentences.isEmpty()) {
                    texts.add(text);
                    sentencesOf.add(sentences.size());
                    shorts.add(cut(tokenizer.tokenize(pair.query(), Truncation.END)));
                    sentences.forEach(sentence -> shorts.add(cut(tokenizer.tokenize(sentence, Truncation.END))));
                }
            }
        }
        if (texts.size() < recipe.batchSize()) {
            throw new IllegalArgumentException(
                    "%s must hold at least batchSize=%d documents of more than %d tokens, but has %d"
                            .formatted(files, recipe.batchSize(), k, texts.size()));
        }
        List<float[]> vectors = embed(manager, block, Map.of(), shorts);
        List<Document> documents = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < texts.size(); i++) {
            int end = next + 1 + sentencesOf.get(i);
            documents.add(new Document(texts.get(i), vectors.get(next), List.copyOf(vectors.subList(next + 1, end))));
            next = end;
        }
        return documents;
    }

    /** How many first positions are left as they are. */
    private int k() {
        return config.encoder().attention() instanceof LinformerAttention.Config linformer
                ? linformer.k().get(0)
                : config.maxTokens();
    }

    private static List<String> draw(String document, Random random) {
        List<String> sentences = new ArrayList<>(Arrays.stream(document.split("(?<=[.!?])\\s+|\\n"))
                .filter(sentence -> {
                    int words = sentence.strip().split("\\s+").length;
                    return words >= MIN_WORDS && words <= MAX_WORDS;
                })
                .toList());
        Collections.shuffle(sentences, random);
        return sentences.subList(0, Math.min(SENTENCES, sentences.size()));
    }

    private static TokenizedText cut(TokenizedText text) {
        if (text.read() <= QUERY_TOKENS) {
            return text;
        }
        long[] ids = Arrays.copyOf(text.ids(), QUERY_TOKENS);
        ids[QUERY_TOKENS - 1] = text.ids()[text.read() - 1];
        return new TokenizedText(ids, text.total());
    }
}
