package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention;
import org.linformer.attention.Projection;
import org.linformer.encoder.ClassifierHead;
import org.linformer.encoder.EmbeddingHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;

class TrainingTest {

    private static final List<String> FRUIT = List.of("apple", "pear", "cherry", "grape", "plum");
    private static final List<String> TOOLS = List.of("hammer", "saw", "drill", "chisel", "file");
    private static final List<String> OTHER =
            List.of("the", "old", "man", "bought", "one", "red", "and", "big", "in", "town");

    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    @BeforeEach
    void writeRecipeAndTexts() throws Exception {
        Files.writeString(folder.resolve("recipe.json"), StrictJson.write(recipe(4)));
        try (InputStream in = LinformerModelZoo.class.getResourceAsStream("models/spam-linformer/tokenizer.json")) {
            Files.copy(in, folder.resolve("tokenizer.json"));
        }
        write("train", 200, 1);
        write("validation", 40, 2);
        write("test", 40, 3);
    }

    private static Recipe recipe(int epochs) {
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
        return new Recipe(
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
                /* warmup= */ 0.1f,
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
        PrintStream out = new PrintStream(progress, true, StandardCharsets.UTF_8);
        return new Training(folder.resolve("recipe.json"), folder, folder.resolve("out"), out, stopped).run("a test");
    }

    @Test
    void learnsAndWritesAModelThatIsMeasuredOnUnseenTexts() throws Exception {
        boolean finished = train(() -> false);

        assertThat(finished).isTrue();
        Metrics metrics = StrictJson.read(Files.readString(folder.resolve("out/metrics.json")), Metrics.class);
        assertThat(metrics.test().accuracy()).isGreaterThan(0.9);
        assertThat(metrics.testLongerThan512().texts()).isZero();
        assertThat(folder.resolve("out/CARD.md"))
                .content()
                .contains("fruit-or-tool", "%.4f".formatted(metrics.test().accuracy()));
        assertThat(losses())
                .as("loss of the first and the last epoch")
                .hasSize(4)
                .satisfies(losses -> assertThat(losses.get(3)).isLessThan(losses.get(0) / 2));
    }

    @Test
    void goesOnWhereItWasStopped() throws Exception {
        int[] steps = {0};

        boolean finished = train(() -> ++steps[0] == 30);
        boolean finishedThen = train(() -> false);

        assertThat(finished).isFalse();
        assertThat(finishedThen).isTrue();
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("stopped after step 30", "goes on after step 30", "epoch 4 of 4");
    }

    @Test
    void refusesACheckpointOfAnotherRecipe() throws Exception {
        train(() -> true);
        Files.writeString(folder.resolve("recipe.json"), StrictJson.write(recipe(5)));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(() -> false))
                .withMessage("%s must be of the same recipe, but is of another. Choose another folder or delete it"
                        .formatted(folder.resolve("out/checkpoint")));
    }

    @Test
    void refusesALabelThatTheRecipeDoesNotKnow() throws Exception {
        Files.writeString(folder.resolve("train.jsonl"), "{\"id\": \"a\", \"text\": \"cow\", \"label\": \"animal\"}\n");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(() -> false))
                .withMessage("label of a must be one of [fruit, tool], but is animal");
    }

    private List<Double> losses() {
        Matcher line = Pattern.compile("mean loss ([\\d.]+)").matcher(progress.toString(StandardCharsets.UTF_8));
        return line.results().map(result -> Double.parseDouble(result.group(1))).toList();
    }
}
