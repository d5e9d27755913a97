package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention;
import org.linformer.attention.Projection;
import org.linformer.encoder.ClassifierHead;
import org.linformer.encoder.EmbeddingHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.Sha256;
import org.linformer.zoo.data.Example;
import org.linformer.zoo.train.ClassifierRecipe.Updated;

class ClassifierTrainingTest {

    private static final List<String> FRUIT = List.of("apple", "pear", "cherry", "grape", "plum");
    private static final List<String> TOOLS = List.of("hammer", "saw", "drill", "chisel", "file");
    private static final List<String> OTHER =
            List.of("the", "old", "man", "bought", "one", "red", "and", "big", "in", "town");

    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    @BeforeEach
    void writeRecipeAndTexts() throws Exception {
        Files.writeString(folder.resolve("recipe.json"), StrictJson.write(recipe(4, Updated.ATTENTION)));
        try (InputStream in = LinformerModelZoo.class.getResourceAsStream("models/spam-linformer/tokenizer.json")) {
            Files.copy(in, folder.resolve("tokenizer.json"));
        }
        write("train", 200, 1);
        write("validation", 40, 2);
        write("test", 40, 3);
    }

    private static ClassifierRecipe recipe(int epochs, Updated updated) {
        EncoderConfig encoder = new EncoderConfig(
                /* numLayers= */ 1,
                /* ffDim= */ 32,
                EncoderConfig.Activation.RELU,
                /* normFirst= */ true,
                /* finalNorm= */ true,
                /* normEpsilon= */ 1e-6f,
                /* dropout= */ 0.1f,
                new LinformerAttention.Config(
                        new MultiHeadAttention.Heads(16, 2, 8, true, 0.1f, false),
                        /* maxLength= */ 64,
                        /* k= */ 8,
                        new Projection.Linear(
                                Projection.Sharing.LAYERWISE, Projection.Initialization.GAUSSIAN, false, false),
                        LinformerAttention.Exact.SHORT_TEXTS),
                /* apart= */ false);
        return new ClassifierRecipe(
                "fruit-or-tool",
                "1.0",
                "Tells fruit from tools.",
                "made up",
                "anything else",
                List.of("fruit", "tool"),
                /* vocabSize= */ 30522,
                encoder,
                List.of(new ClassifierHead.Config(2), new EmbeddingHead.Config(64)),
                /* seed= */ 42,
                epochs,
                /* batchSize= */ 8,
                /* maxBatchTokens= */ 128,
                /* learningRate= */ 0.02f,
                /* startRate= */ 0.005f,
                /* rank= */ 2,
                updated,
                new Schedule(/* warmup= */ 0.1f, Schedule.Decay.LINEAR, /* patience= */ 0),
                /* weightDecay= */ 0.01f,
                /* maxGradientNorm= */ 1,
                /* tokenDropout= */ 0.1f);
    }

    /** The label is that of the words that matter, one in five of a text of 10 to 60 words. */
    private void write(String split, int texts, long seed) throws Exception {
        Random random = new Random(seed);
        String lines = IntStream.range(0, texts)
                .mapToObj(i -> {
                    List<String> kind = i % 2 == 0 ? FRUIT : TOOLS;
                    int length = 10 + random.nextInt(50);
                    int place = random.nextInt(5);
                    String text = IntStream.range(0, length)
                            .mapToObj(w -> w % 5 == place
                                    ? kind.get(random.nextInt(kind.size()))
                                    : OTHER.get(random.nextInt(OTHER.size())))
                            .collect(Collectors.joining(" "));
                    return "{\"id\": \"%s/%d\", \"text\": \"%s\", \"label\": \"%s\"}"
                            .formatted(split, i, text, i % 2 == 0 ? "fruit" : "tool");
                })
                .collect(Collectors.joining("\n"));
        Files.writeString(folder.resolve(split + ".jsonl"), lines + "\n");
    }

    private boolean train(BooleanSupplier stopped) throws Exception {
        return train(null, "out", stopped);
    }

    private boolean train(Path start, String out, BooleanSupplier stopped) throws Exception {
        Path recipe = folder.resolve("recipe.json");
        PrintStream told = new PrintStream(progress, true, StandardCharsets.UTF_8);
        return new ClassifierTraining(
                        recipe,
                        StrictJson.read(recipe, ClassifierRecipe.class),
                        start,
                        folder,
                        folder.resolve(out),
                        told,
                        stopped)
                .run("a test");
    }

    @Test
    void learnsAndWritesAModelThatIsMeasuredOnUnseenTexts() throws Exception {
        boolean finished = train(() -> false);

        assertThat(finished).isTrue();
        ClassifierMetrics metrics =
                StrictJson.read(Files.readString(folder.resolve("out/metrics.json")), ClassifierMetrics.class);
        double accuracy = metrics.test().get(0).evaluation().accuracy();
        assertThat(accuracy).isGreaterThan(0.9);
        assertThat(metrics.test()).as("no text is longer than 512 tokens").hasSize(1);
        assertThat(metrics.start()).isEqualTo("nothing");
        assertThat(folder.resolve("out/CARD.md"))
                .content()
                .contains("fruit-or-tool", "%.4f".formatted(accuracy), "from nothing");
        assertThat(losses())
                .as("loss of the first and the last epoch")
                .hasSize(4)
                .satisfies(losses -> assertThat(losses.get(3)).isLessThan(losses.get(0) / 2));
    }

    @Test
    void drawsTheLossOfEveryStepOnce() throws Exception {
        int[] steps = {0};
        train(() -> ++steps[0] == 30);
        // a crash would leave steps behind the checkpoint
        Files.writeString(folder.resolve("out/losses.csv"), "31,9.0\n32,9.0\n", StandardOpenOption.APPEND);
        train(() -> false);

        assertThat(Files.readAllLines(folder.resolve("out/losses.csv")))
                .hasSize(100)
                .last()
                .asString()
                .startsWith("100,");
        BufferedImage picture = ImageIO.read(folder.resolve("out/loss.png").toFile());
        assertThat(picture.getWidth()).isEqualTo(800);
    }

    /** Vectors, positions, E and the heads move by themselves, the updated matrices by low rank, and no other does. */
    @ParameterizedTest
    @EnumSource
    void startsFromAnotherModelAndLeavesWhatItChangedInIt(Updated updated) throws Exception {
        train(() -> false);
        Path start = folder.resolve("out");
        Files.writeString(folder.resolve("recipe.json"), StrictJson.write(recipe(4, updated)));
        boolean finished = train(start, "again", () -> false);

        assertThat(finished).isTrue();
        Path again = folder.resolve("again");
        assertThat(StrictJson.read(again.resolve("metrics.json"), ClassifierMetrics.class))
                .satisfies(metrics -> {
                    assertThat(metrics.start()).isEqualTo("fruit-or-tool");
                    assertThat(metrics.test().get(0).evaluation().accuracy()).isGreaterThan(0.9);
                });
        Map<String, long[]> updates = shapes(again.resolve(Updates.FILE));
        assertThat(updates.keySet())
                .contains(
                        "heads.0.classifier.weight",
                        "embeddings.position_embeddings.weight",
                        "encoder.layer.0.attention.self.E",
                        "encoder.layer.0.attention.self.query.bias",
                        "encoder.layer.0.attention.self.query.weight.A",
                        "encoder.layer.0.attention.self.query.weight.B")
                .doesNotContain(
                        "embeddings.word_embeddings.weight",
                        "encoder.layer.0.attention.self.query.weight",
                        "encoder.layer.0.intermediate.dense.weight");
        assertThat(updates.containsKey("encoder.layer.0.intermediate.dense.weight.B"))
                .isEqualTo(updated == Updated.ALL);
        assertThat(updates.get("encoder.layer.0.attention.output.dense.weight.B"))
                .containsExactly(16, 2);
        assertThat(shapes(again.resolve("model.safetensors")).keySet())
                .isEqualTo(shapes(start.resolve("model.safetensors")).keySet());
    }

    private static Map<String, long[]> shapes(Path file) throws Exception {
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                InputStream in = Files.newInputStream(file)) {
            return Weights.read(manager, in).entrySet().stream()
                    .collect(Collectors.toMap(
                            Map.Entry::getKey,
                            entry -> entry.getValue().getShape().getShape()));
        }
    }

    @Test
    void refusesAStartOfAnotherSize() throws Exception {
        train(() -> false);
        Path recipe = folder.resolve("recipe.json");
        Files.writeString(recipe, Files.readString(recipe).replace("\"ffDim\": 32", "\"ffDim\": 64"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(folder.resolve("out"), "again", () -> false))
                .withMessage("encoder.layer.0.intermediate.dense.weight must be (64, 16), but is (32, 16)");
    }

    @Test
    void refusesAStartWhoseWeightsAreCutOff() throws Exception {
        train(() -> false);
        Path weights = folder.resolve("out/model.safetensors");
        String whole = Sha256.of(weights);
        byte[] bytes = Files.readAllBytes(weights);
        Files.write(weights, Arrays.copyOf(bytes, bytes.length / 2));

        assertThatIOException()
                .isThrownBy(() -> train(folder.resolve("out"), "again", () -> false))
                .withMessage("%s must have the SHA-256 %s of its config.json, but has %s (%d bytes)"
                        .formatted(weights, whole, Sha256.of(weights), bytes.length / 2));
        assertThat(folder.resolve("again")).doesNotExist();
    }

    @Test
    void goesOnWhereItWasStopped() throws Exception {
        // sums in another order differ in their last bits, and Adam makes much of it at a high rate
        Path file = folder.resolve("recipe.json");
        Files.writeString(
                file, Files.readString(file).replaceFirst("\"learningRate\": [^,]+", "\"learningRate\": 1e-4"));
        int[] steps = {0};

        boolean finished = train(() -> ++steps[0] == 30);
        boolean finishedThen = train(() -> false);

        assertThat(finished).isFalse();
        assertThat(finishedThen).isTrue();
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("stopped after step 30", "goes on after step 30", "epoch 4 of 4");
        train(null, "whole", () -> false);
        assertThat(losses("out")).containsExactly(losses("whole"), within(0.01));
    }

    @Test
    void endsWhenItGetsNoBetter() throws Exception {
        Path file = folder.resolve("recipe.json");
        Files.writeString(
                file,
                Files.readString(file)
                        .replace("\"patience\": 0", "\"patience\": 2")
                        .replace("\"epochs\": 4", "\"epochs\": 30"));

        assertThat(train(() -> false)).isTrue();

        ClassifierMetrics metrics = StrictJson.read(folder.resolve("out/metrics.json"), ClassifierMetrics.class);
        assertThat(metrics.epochs()).isLessThan(30).isEqualTo(metrics.bestEpoch() + 2);
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("ends after step ", "as no check behind step ");
        int steps = losses("out").length;
        assertThat(train(() -> false)).as("it goes on no further").isTrue();
        assertThat(losses("out")).hasSize(steps);
    }

    /** A crash between the two renames of a checkpoint leaves the last one under its old name, and half of the next. */
    @Test
    void goesOnFromACheckpointThatWasBeingReplaced() throws Exception {
        int[] steps = {0};
        train(() -> ++steps[0] == 30);
        Path checkpoint = folder.resolve("out/checkpoint");
        Files.move(checkpoint, folder.resolve("out/checkpoint.old"));
        Files.createDirectory(folder.resolve("out/checkpoint.tmp"));
        Files.writeString(folder.resolve("out/checkpoint.tmp/state.json"), "{");

        assertThat(train(() -> false)).isTrue();
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("goes on after step 30");
        assertThat(checkpoint).isDirectory();
        assertThat(folder.resolve("out/checkpoint.old")).doesNotExist();
        assertThat(folder.resolve("out/checkpoint.tmp")).doesNotExist();
    }

    /** The gradient of a step is that of all its texts, in however many goes they are read. */
    @Test
    void learnsTheSameInSeveralGoesAsInOne() throws Exception {
        Path file = folder.resolve("recipe.json");
        String recipe = Files.readString(file)
                .replaceAll("\"dropout\": [^,\n]+", "\"dropout\": 0")
                .replaceFirst("\"learningRate\": [^,]+", "\"learningRate\": 1e-3");
        int[] steps = {0};
        Files.writeString(file, recipe);
        train(null, "several", () -> ++steps[0] == 20);
        Files.writeString(file, recipe.replace("\"maxBatchTokens\": 128", "\"maxBatchTokens\": 4096"));
        train(null, "one", () -> ++steps[0] == 40);

        assertThat(losses("several")).hasSize(20).containsExactly(losses("one"), within(0.01));
    }

    /** Texts that begin with the words of one kind, and become one of the other behind where they are cut. */
    @Test
    void measuresLongTextsWholeAndCut() throws Exception {
        Path file = folder.resolve("recipe.json");
        Files.writeString(
                file,
                Files.readString(file)
                        .replace("\"maxLength\": 64", "\"maxLength\": 1500")
                        .replace("\"maxBatchTokens\": 128", "\"maxBatchTokens\": 1500"));
        List<String> lines = new ArrayList<>(Files.readAllLines(folder.resolve("test.jsonl")));
        for (int i = 0; i < 9; i++) {
            String beginning = String.join(" ", Collections.nCopies(i < 6 ? 400 : 510, i % 3 == 0 ? "pear" : "saw"));
            String rest = String.join(" ", Collections.nCopies(i < 6 ? 600 + i : 900 + i, "pear"));
            lines.add(
                    i,
                    "{\"id\": \"long/%d\", \"text\": \"%s %s\", \"label\": \"fruit\"}".formatted(i, beginning, rest));
        }
        Files.write(folder.resolve("test.jsonl"), lines);

        train(() -> false);

        List<ClassifierMetrics.Reading> readings = StrictJson.read(
                        folder.resolve("out/metrics.json"), ClassifierMetrics.class)
                .test();
        assertThat(readings)
                .extracting(
                        ClassifierMetrics.Reading::moreThan,
                        ClassifierMetrics.Reading::upTo,
                        reading -> reading.evaluation().texts())
                .containsExactly(
                        tuple(0, 1500, 49),
                        tuple(0, 512, 49),
                        tuple(512, 1500, 9),
                        tuple(512, 512, 9),
                        tuple(1024, 1500, 3),
                        tuple(1024, 512, 3));
        try (Evaluator evaluator =
                new Evaluator(LinformerModelZoo.url(folder.resolve("out").toString()))) {
            List<LabelledText> texts = evaluator.tokenize(Example.read(folder.resolve("test.jsonl")));
            for (ClassifierMetrics.Reading reading : readings) {
                List<LabelledText> longer = texts.stream()
                        .filter(text -> text.text().total() > reading.moreThan())
                        .toList();
                assertThat(reading.evaluation()).isEqualTo(evaluator.evaluate(longer, reading.upTo()));
            }
        }
        for (int whole = 0; whole < readings.size(); whole += 2) {
            assertThat(readings.get(whole + 1).evaluation().accuracy())
                    .as("cut, some are taken for the other kind")
                    .isLessThan(readings.get(whole).evaluation().accuracy());
        }
    }

    private double[] losses(String out) throws Exception {
        return Files.readAllLines(folder.resolve(out).resolve("losses.csv")).stream()
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(',') + 1)))
                .toArray();
    }

    @Test
    void goesOnWhereOnlyWordsForReadersChanged() throws Exception {
        train(() -> true);
        Path file = folder.resolve("recipe.json");
        Files.writeString(file, Files.readString(file).replaceFirst("\"limits\": \"[^\"]*\"", "\"limits\": \"poems\""));

        assertThat(train(() -> false)).isTrue();
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("goes on after step 1");
        assertThat(folder.resolve("out/CARD.md")).content().contains("Not good for: poems");
    }

    @Test
    void refusesACheckpointOfAnotherRecipe() throws Exception {
        train(() -> true);
        Files.writeString(folder.resolve("recipe.json"), StrictJson.write(recipe(5, Updated.ATTENTION)));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(() -> false))
                .withMessage(
                        "%s must be of the same recipe, start and texts, but is of others. Choose another folder or delete it"
                                .formatted(folder.resolve("out/checkpoint")));
    }

    @Test
    void refusesACheckpointOfOtherTexts() throws Exception {
        train(() -> true);
        write("train", 200, 4);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(() -> false))
                .withMessageContaining("must be of the same recipe, start and texts, but is of others");
    }

    @Test
    void checksAtTheEndOfAnEpochThoughItIsStoppedThere() throws Exception {
        int[] steps = {0};

        boolean finished = train(() -> ++steps[0] == 25);

        assertThat(finished).isFalse();
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .containsSubsequence("epoch 1 of 4", "stopped after step 25");
    }

    @Test
    void refusesAFileWithoutATextBeforeItTrains() throws Exception {
        Path test = Files.writeString(folder.resolve("test.jsonl"), "");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(() -> false))
                .withMessage(test + " must hold a text, but holds none");
        assertThat(folder.resolve("out/losses.csv")).doesNotExist();
    }

    @Test
    void refusesALabelThatTheRecipeDoesNotKnow() throws Exception {
        Files.writeString(folder.resolve("train.jsonl"), "{\"id\": \"a\", \"text\": \"cow\", \"label\": \"animal\"}\n");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(() -> false))
                .withMessage(
                        folder.resolve("train.jsonl") + ", line 1: label must be one of [fruit, tool], but is animal");
    }

    private List<Double> losses() {
        Matcher line = Pattern.compile("mean loss ([\\d.]+)").matcher(progress.toString(StandardCharsets.UTF_8));
        return line.results().map(result -> Double.parseDouble(result.group(1))).toList();
    }
}
