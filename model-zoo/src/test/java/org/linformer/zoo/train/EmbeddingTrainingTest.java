package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention;
import org.linformer.attention.Projection;
import org.linformer.encoder.ClassifierHead;
import org.linformer.encoder.EmbeddingHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.EncoderModel;
import org.linformer.encoder.HeadConfig;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.Sha256;
import org.linformer.zoo.TextModel;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;
import org.linformer.zoo.search.SearchFigures;

class EmbeddingTrainingTest {

    private static final List<String> TOPICS = List.of("apple", "hammer", "river", "violin", "engine", "planet");
    private static final List<String> OTHER = List.of("the", "a", "of", "and", "is", "on", "it", "with");

    @TempDir
    private Path folder;

    private Path start;

    @BeforeEach
    void writeStartAndPairs() throws Exception {
        start = Files.createDirectory(folder.resolve("start"));
        write(start);
        Files.writeString(folder.resolve("train.jsonl"), pairs(48, 1));
        Files.writeString(folder.resolve("validation.jsonl"), pairs(12, 2));
    }

    private static EncoderConfig encoder(boolean apart) {
        return new EncoderConfig(
                /* numLayers= */ 1,
                /* ffDim= */ 32,
                EncoderConfig.Activation.GELU,
                /* normFirst= */ false,
                /* finalNorm= */ false,
                /* normEpsilon= */ 1e-6f,
                /* dropout= */ 0,
                new LinformerAttention.Config(
                        new MultiHeadAttention.Heads(16, 2, 8, true, 0, false),
                        /* maxLength= */ 64,
                        /* k= */ 8,
                        new Projection.Linear(
                                Projection.Sharing.KEY_VALUE, Projection.Initialization.STRIDED, false, false),
                        LinformerAttention.Exact.FIRST_POSITIONS),
                apart);
    }

    private static final EmbeddingHead.Config HEAD = new EmbeddingHead.Config(8);

    private static void write(Path to) throws Exception {
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                InputStream in = LinformerModelZoo.class.getResourceAsStream("models/spam-linformer/tokenizer.json")) {
            manager.getEngine().setRandomSeed(5);
            EncoderModel block = new EncoderModel(30522, encoder(true), List.of(HEAD));
            block.initialize(manager, DataType.FLOAT32, new Shape(1, 64));
            Weights.save(block, to.resolve(ModelConfig.WEIGHTS), DataType.FLOAT32);
            Files.copy(in, to.resolve(ModelConfig.TOKENIZER));
        }
        ModelConfig config = new ModelConfig(
                "start",
                "1.0",
                List.of(),
                30522,
                encoder(true),
                List.of(HEAD),
                Map.of(
                        ModelConfig.WEIGHTS, Sha256.of(to.resolve(ModelConfig.WEIGHTS)),
                        ModelConfig.TOKENIZER, Sha256.of(to.resolve(ModelConfig.TOKENIZER))));
        Files.writeString(to.resolve(ModelConfig.FILE), StrictJson.write(config));
    }

    /** What a document is about stands behind its first 8 tokens alone. */
    private static String pairs(int number, long seed) {
        Random random = new Random(seed);
        return IntStream.range(0, number)
                .mapToObj(i -> {
                    String topic = TOPICS.get(i % TOPICS.size());
                    String document = IntStream.range(0, 30)
                            .mapToObj(w -> w > 10 && w % 3 == 0 ? topic : OTHER.get(random.nextInt(OTHER.size())))
                            .collect(Collectors.joining(" "));
                    return "{\"id\": \"%d\", \"query\": \"%s %s\", \"document\": \"%s.\"}%n"
                            .formatted(i, topic, OTHER.get(i % OTHER.size()), document);
                })
                .collect(Collectors.joining());
    }

    private static EmbeddingRecipe recipe(int steps) {
        return recipe(steps, true);
    }

    private static EmbeddingRecipe recipe(int steps, boolean apart) {
        return new EmbeddingRecipe(
                "test",
                "1.0",
                "for this test",
                "made up",
                "anything else",
                /* vocabSize= */ 30522,
                encoder(apart),
                List.of(HEAD),
                /* seed= */ 3,
                steps,
                /* checks= */ 2,
                /* batchSize= */ 8,
                /* maxBatchTokens= */ 256,
                /* rank= */ 2,
                /* projectionRate= */ 0.01f,
                /* positionRate= */ 0.01f,
                /* lowRankRate= */ 0.02f,
                /* vectorRate= */ 0.01f,
                /* poolingRate= */ 0.05f,
                new Schedule(/* warmup= */ 0.1f, Schedule.Decay.LINEAR, /* patience= */ 0),
                /* maxGradientNorm= */ 1,
                /* temperature= */ 0.1f,
                /* sentenceWeight= */ 0.3f,
                /* documentWeight= */ 0.5f,
                /* otherDocuments= */ 16);
    }

    private boolean train(Path out, EmbeddingRecipe recipe, BooleanSupplier stopped, PrintStream progress)
            throws Exception {
        Path file = folder.resolve("recipe.json");
        Files.writeString(file, StrictJson.write(recipe));
        return new EmbeddingTraining(file, recipe, start, out, progress, stopped)
                .run(List.of(folder.resolve("train.jsonl")), List.of(folder.resolve("validation.jsonl")), "a test");
    }

    private static Map<String, float[]> weights(Path start, Path updates) throws Exception {
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                InputStream in = Files.newInputStream(start.resolve(ModelConfig.WEIGHTS))) {
            ModelConfig config = ModelConfig.read(start);
            EncoderModel block = new EncoderModel(config.vocabSize(), config.encoder(), config.heads());
            block.initialize(manager, DataType.FLOAT32, new Shape(1, 64));
            Weights.load(block, manager, in, DataType.FLOAT32);
            if (updates != null) {
                Updates.apply(block, updates);
            }
            return Weights.of(block).entrySet().stream()
                    .collect(Collectors.toMap(
                            Map.Entry::getKey,
                            entry -> entry.getValue().getArray().toFloatArray()));
        }
    }

    @Test
    void learnsAndLeavesTheBeginningAsItWas() throws Exception {
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        Path out = folder.resolve("out");

        assertThat(train(out, recipe(60), () -> false, new PrintStream(told))).isTrue();

        List<Double> found = told.toString()
                .lines()
                .filter(line -> line.contains("MRR"))
                .map(line -> Double.parseDouble(line.replaceAll(".*MRR ([0-9.]+).*", "$1")))
                .toList();
        assertThat(found).hasSize(2);
        // 12 documents, two of each topic, of which no query can tell which: at most 0.75, and by chance 0.26
        assertThat(found.get(1)).isGreaterThan(0.6);
        Map<String, float[]> before = weights(start, null);
        Map<String, float[]> after = weights(start, out.resolve(Updates.FILE));
        assertThat(after.keySet()).isEqualTo(before.keySet());
        after.forEach((name, values) -> {
            if (name.startsWith("encoder.behind.") || name.contains("pooling")) {
                assertThat(values).as(name).isNotEqualTo(before.get(name));
            } else if (!name.contains("position_embeddings")) {
                assertThat(values).as(name).isEqualTo(before.get(name));
            }
        });
        String positions = "embeddings.position_embeddings.weight";
        assertThat(List.of(after.get(positions)).get(0)).hasSize(64 * 16);
        for (int i = 0; i < 8 * 16; i++) {
            // float16 on disk
            assertThat(after.get(positions)[i]).isEqualTo(before.get(positions)[i], within(1e-4f));
        }
    }

    @Test
    void goesOnWhereItWasStopped() throws Exception {
        Path parts = folder.resolve("parts");
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream());
        EmbeddingRecipe recipe = recipe(6);

        AtomicInteger steps = new AtomicInteger();
        assertThat(train(parts, recipe, () -> steps.incrementAndGet() == 2, nowhere))
                .isFalse();
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        assertThat(train(parts, recipe, () -> false, new PrintStream(told))).isTrue();

        assertThat(told.toString()).contains("goes on after step 2");
        assertThat(parts.resolve(Updates.FILE)).exists();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(parts, recipe(7), () -> false, nowhere))
                .withMessage(
                        parts.resolve("checkpoint")
                                + " must be of the same recipe, start and texts, but is of others. Choose another folder or delete it");
    }

    @Test
    void refusesAStartWhoseLayersComputeSomethingElse() throws Exception {
        Path file = start.resolve(ModelConfig.FILE);
        String config = Files.readString(file);
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream());
        Files.writeString(file, config.replace("GELU", "RELU"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(folder.resolve("out"), recipe(1), () -> false, nowhere))
                .withMessage("activation must be as in the start, RELU, but is GELU");
        Files.writeString(
                file,
                config.replaceFirst("\"numHeads\": 2", "\"numHeads\": 4")
                        .replaceFirst("\"headDim\": 8", "\"headDim\": 4"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(folder.resolve("out"), recipe(1), () -> false, nowhere))
                .withMessage("heads must be as in the start, 4 x 4, but is 2 x 8");
    }

    @Test
    void refusesARecipeWhoseLayersAreNotApart() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> recipe(1, false))
                .withMessage(
                        "apart must be true for an embedding model that keeps the vectors of short texts, but is false");
    }

    @Test
    void refusesAHeadThatChangesShortTextsAndOneThatNeedsLabels() {
        EmbeddingRecipe recipe = recipe(1);
        for (List<HeadConfig> heads : List.<List<HeadConfig>>of(
                List.of(), List.of(new ClassifierHead.Config(2)), List.of(new EmbeddingHead.Config(7)))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> with(recipe, heads))
                    .withMessage(
                            "heads must begin with an EmbeddingHead whose equal is at least k=8, but are " + heads);
        }
        List<HeadConfig> two = List.of(HEAD, new ClassifierHead.Config(2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> with(recipe, two))
                .withMessage("heads must hold no ClassifierHead, as there are no labels, but are " + two);
    }

    private static EmbeddingRecipe with(EmbeddingRecipe recipe, List<HeadConfig> heads) {
        return new EmbeddingRecipe(
                recipe.name(),
                recipe.version(),
                recipe.description(),
                recipe.data(),
                recipe.limits(),
                recipe.vocabSize(),
                recipe.encoder(),
                heads,
                recipe.seed(),
                recipe.steps(),
                recipe.checks(),
                recipe.batchSize(),
                recipe.maxBatchTokens(),
                recipe.rank(),
                recipe.projectionRate(),
                recipe.positionRate(),
                recipe.lowRankRate(),
                recipe.vectorRate(),
                recipe.poolingRate(),
                recipe.schedule(),
                recipe.maxGradientNorm(),
                recipe.temperature(),
                recipe.sentenceWeight(),
                recipe.documentWeight(),
                recipe.otherDocuments());
    }

    @Test
    void looksForADocumentAmongOthersAndNotAmongItsOwnEarlierVectors() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            float[] east = {1, 0};
            float[] north = {0, 1};
            List<QueriedText> texts = Stream.of(east, north)
                    .map(vector ->
                            new QueriedText(new TokenizedText(new long[] {101, 102}, 2), vector, List.of(vector)))
                    .toList();
            NDArray vectors = manager.create(east, new Shape(1, 2));
            ContrastiveLoss loss = new ContrastiveLoss(manager, recipe(1), texts);
            float alone = loss.of(manager, vectors, List.of(0), new Random(1)).getFloat();
            loss.remember(List.of(0), List.of(east));
            assertThat(loss.of(manager, vectors, List.of(0), new Random(1)).getFloat())
                    .isEqualTo(alone);
            loss.remember(List.of(1), List.of(east));
            // another document just like it is taken for it every other time
            assertThat(loss.of(manager, vectors, List.of(0), new Random(1)).getFloat())
                    .isCloseTo(alone + 0.5f * (float) Math.log(2), within(1e-4f));
        }
    }

    private static SearchFigures found(double mrr) {
        SearchFigures.Scores all = new SearchFigures.Scores(9, 0.5, 0.75, mrr);
        Map<String, SearchFigures.Scores> byTokens = new LinkedHashMap<>();
        byTokens.put("<= 256", new SearchFigures.Scores(4, 0.25, 1, 0.375));
        byTokens.put("257-512", all);
        return new SearchFigures("the model", all, byTokens, 12.5);
    }

    @Test
    void keepsItsSearchesWhenItIsRunAgain() throws Exception {
        Path out = folder.resolve("out");
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream());
        train(out, recipe(4), () -> false, nowhere);
        EmbeddingMetrics.add(new EmbeddingMetrics.Search("search a", 9, List.of(found(0.625))), out);

        assertThat(train(out, recipe(4), () -> false, nowhere)).isTrue();

        assertThat(StrictJson.read(out.resolve("metrics.json"), EmbeddingMetrics.class)
                        .searches())
                .extracting(EmbeddingMetrics.Search::command)
                .containsExactly("search a");
    }

    @Test
    void writesTheModelAndWhatItsSearchesFound() throws Exception {
        Path out = folder.resolve("out");
        train(out, recipe(4), () -> false, new PrintStream(new ByteArrayOutputStream()));

        EmbeddingMetrics.add(new EmbeddingMetrics.Search("search a", 9, List.of(found(0.625))), out);
        EmbeddingMetrics.add(new EmbeddingMetrics.Search("search b", 9, List.of(found(0.625))), out);
        EmbeddingMetrics.add(new EmbeddingMetrics.Search("search a", 9, List.of(found(0.875))), out);

        EmbeddingMetrics metrics = StrictJson.read(out.resolve("metrics.json"), EmbeddingMetrics.class);
        assertThat(metrics.searches())
                .extracting(search -> search.figures().get(0).all().mrr())
                .containsExactly(0.625, 0.875);
        assertThat(metrics.trainDocuments()).isEqualTo(48);
        assertThat(out.resolve("CARD.md"))
                .content()
                .contains(
                        "| the model | 0.5000 | 0.7500 | 0.8750 | 12.5 |",
                        "| the model | 0.250, 1.000, 0.375 | 0.500, 0.750, 0.875 |",
                        "search b",
                        "48 documents from start");
        try (TextModel<float[]> model = new TextModel<>(out.toString(), float[].class)) {
            assertThat(model.answer(model.tokenize(List.of("a river"), Truncation.NONE), 64))
                    .singleElement()
                    .satisfies(vector -> assertThat(vector).hasSize(16));
        }
    }

    @Test
    void refusesUpdatesOfAnotherModel() throws Exception {
        Path file = folder.resolve("updates.safetensors");
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            NDArray one = manager.ones(new Shape(2, 3));
            Weights.save(Map.of("no.such.weight", one), file, DataType.FLOAT16);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> weights(start, file))
                    .withMessage(file + " must change a weight of the model, but has no.such.weight");

            String name = "encoder.behind.layer.0.attention.self.query.weight";
            Weights.save(Map.of(name + ".A", one), file, DataType.FLOAT16);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> weights(start, file))
                    .withMessage("%s must have %s.B beside %s.A, but has not".formatted(file, name, name));
            Weights.save(Map.of(name + ".B", one), file, DataType.FLOAT16);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> weights(start, file))
                    .withMessage("%s must have %s.A beside %s.B, but has not".formatted(file, name, name));
            Weights.save(Map.of(name, one), file, DataType.FLOAT16);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> weights(start, file))
                    .withMessage(name + " must be (16, 16), but is (2, 3)");
        }
    }
}
