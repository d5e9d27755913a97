package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention;
import org.linformer.attention.Projection;
import org.linformer.encoder.EmbeddingHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.HeadConfig;
import org.linformer.encoder.MaskedTokenHead;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.ModelConfig;

class MaskedTokenTrainingTest {

    /** Each text says one of these over and over, so that a masked word can be told from its neighbours. */
    private static final List<String> SAYINGS = List.of(
            "the early bird catches the worm",
            "a rolling stone gathers no moss",
            "all that glitters is not gold",
            "actions speak louder than words");

    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    private int vocabSize = 30522;
    private float masked = 0.15f;
    private float learningRate = 0.005f;

    @TempDir
    private Path folder;

    @BeforeEach
    void writeTokenizerAndTexts() throws Exception {
        try (InputStream in = LinformerModelZoo.class.getResourceAsStream("models/spam-linformer/tokenizer.json")) {
            Files.copy(in, folder.resolve("tokenizer.json"));
        }
        Path labelled = Files.createDirectory(folder.resolve("labelled"));
        Path pairs = Files.createDirectory(folder.resolve("pairs"));
        for (String split : List.of("train", "validation")) {
            int texts = split.equals("train") ? 60 : 12;
            Random random = new Random(texts);
            Files.writeString(
                    labelled.resolve(split + ".jsonl"),
                    lines(texts, random, "{\"id\": \"%d\", \"text\": \"%s\", \"label\": \"any\"}"));
            Files.writeString(
                    pairs.resolve("pairs-" + split + ".jsonl"),
                    lines(texts, random, "{\"id\": \"%d\", \"document\": \"%s\", \"query\": \"any\"}"));
        }
    }

    private static String lines(int texts, Random random, String line) {
        return IntStream.range(0, texts)
                .mapToObj(i -> line.formatted(
                        i, (SAYINGS.get(random.nextInt(SAYINGS.size())) + " ").repeat(4 + random.nextInt(8))))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    private MaskedTokenRecipe recipe(int steps, HeadConfig head) {
        EncoderConfig encoder = new EncoderConfig(
                /* numLayers= */ 1,
                /* ffDim= */ 64,
                EncoderConfig.Activation.GELU,
                /* normFirst= */ false,
                /* finalNorm= */ false,
                /* normEpsilon= */ 1e-6f,
                /* dropout= */ 0,
                new LinformerAttention.Config(
                        new MultiHeadAttention.Heads(32, 2, 16, true, 0, false),
                        /* maxLength= */ 32,
                        /* k= */ 8,
                        new Projection.Linear(
                                Projection.Sharing.HEADWISE, Projection.Initialization.GAUSSIAN, false, false),
                        LinformerAttention.Exact.NOWHERE),
                /* apart= */ false);
        return new MaskedTokenRecipe(
                "sayings",
                "1.0",
                "Knows four sayings.",
                "made up",
                "anything else",
                vocabSize,
                encoder,
                List.of(head),
                /* seed= */ 3,
                steps,
                /* checks= */ 3,
                /* batchSize= */ 8,
                /* maxBatchTokens= */ 128,
                /* validationWindows= */ 16,
                masked,
                learningRate,
                /* projectionRate= */ 0.005f,
                new Schedule(/* warmup= */ 0.1f, Schedule.Decay.LINEAR, /* patience= */ 0),
                /* weightDecay= */ 0.01f,
                /* maxGradientNorm= */ 1);
    }

    private boolean train(String out, int steps, BooleanSupplier stopped) throws Exception {
        Path file = folder.resolve("recipe.json");
        MaskedTokenRecipe recipe = recipe(steps, new MaskedTokenHead.Config());
        Files.writeString(file, StrictJson.write(recipe));
        PrintStream told = new PrintStream(progress, true, StandardCharsets.UTF_8);
        return new MaskedTokenTraining(file, recipe, folder.resolve(out), told, stopped)
                .run(List.of(folder.resolve("labelled"), folder.resolve("pairs")), "a test");
    }

    private MaskedTokenMetrics metrics(String out) throws Exception {
        return StrictJson.read(folder.resolve(out).resolve("metrics.json"), MaskedTokenMetrics.class);
    }

    @Test
    void hidesTokensAsBertDoes() {
        long[] window = LongStream.range(0, 20_000)
                .map(i -> i % 100 == 0 ? BertTokens.CLS : 1000 + i % 500)
                .toArray();

        MaskedTokenTraining.Guesses guesses =
                MaskedTokenTraining.mask(List.of(window, window), 0.3f, 2000, new Random(1));

        long[] both =
                LongStream.concat(Arrays.stream(window), Arrays.stream(window)).toArray();
        assertThat(guesses.places().length / (0.99 * both.length)).isCloseTo(0.3, within(0.02));
        int masked = 0;
        int left = 0;
        for (int i = 0; i < guesses.places().length; i++) {
            int place = (int) guesses.places()[i];
            assertThat(guesses.tokens()[i]).as("the token itself").isEqualTo(both[place]);
            masked += guesses.ids()[place] == BertTokens.MASK ? 1 : 0;
            left += guesses.ids()[place] == both[place] ? 1 : 0;
            assertThat(guesses.ids()[place]).isBetween(BertTokens.MASK, 1999L);
            both[place] = guesses.ids()[place];
        }
        assertThat(masked / (double) guesses.places().length).isCloseTo(0.8, within(0.02));
        assertThat(left / (double) guesses.places().length).isCloseTo(0.1, within(0.02));
        assertThat(guesses.ids()).as("nothing else is touched").containsExactly(both);
        assertThat(guesses.tokens()).as("no special token").doesNotContain(BertTokens.CLS);
    }

    @Test
    void learnsToGuessWhatWasMasked() throws Exception {
        assertThat(train("out", 300, () -> false)).isTrue();

        MaskedTokenMetrics metrics = metrics("out");
        assertThat(metrics.perplexities())
                .extracting(MaskedTokenMetrics.Perplexity::step)
                .containsExactly(100, 200, 300);
        // 22 different words, as often in training as here but for chance
        assertThat(metrics.unigramPerplexity()).isBetween(18.0, 27.0);
        assertThat(metrics.perplexities().get(2).value()).isLessThan(10);
        assertThat(folder.resolve("out/CARD.md"))
                .content()
                .contains(
                        "| by the tokens' frequencies alone | %.2f |".formatted(metrics.unigramPerplexity()),
                        "| 300 | %.2f |".formatted(metrics.perplexities().get(2).value()));
        assertThat(ModelConfig.read(folder.resolve("out")).name()).isEqualTo("sayings");

        PerplexityCurves.write(List.of(folder.resolve("out")), folder.resolve("curves"));
        assertThat(folder.resolve("curves/perplexity.md"))
                .content()
                .startsWith(
                        "| validation perplexity after step | 100 | 200 | 300 | tokens/s |\n| --- | --- | --- | --- | --- |\n")
                .contains(
                        "| sayings | ",
                        " | %.2f | ".formatted(metrics.perplexities().get(2).value()));
        assertThat(ImageIO.read(folder.resolve("curves/perplexity.png").toFile())
                        .getWidth())
                .isEqualTo(900);
    }

    @Test
    void comesToTheSameWhenItWasStopped() throws Exception {
        train("whole", 12, () -> false);
        int[] steps = {0};
        assertThat(train("parts", 12, () -> ++steps[0] == 6)).isFalse();
        assertThat(train("parts", 12, () -> false)).isTrue();

        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("stopped after step 6", "goes on after step 6");
        assertThat(metrics("parts").perplexities()).hasSize(3);
        assertThat(metrics("parts").perplexities().get(2).value())
                .isCloseTo(metrics("whole").perplexities().get(2).value(), Percentage.withPercentage(2));
    }

    @Test
    void forgetsTheFiguresOfAnEarlierRecipe() throws Exception {
        train("out", 9, () -> false);
        try (Stream<Path> checkpoint = Files.walk(folder.resolve("out/checkpoint"))) {
            for (Path file : checkpoint.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        train("out", 12, () -> false);

        assertThat(metrics("out").perplexities())
                .extracting(MaskedTokenMetrics.Perplexity::step)
                .containsExactly(4, 8, 12);
    }

    @Test
    void drawsNoModelsTogetherThatWereCheckedAtOtherSteps() throws Exception {
        train("a", 9, () -> false);
        train("b", 12, () -> false);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> PerplexityCurves.write(
                        List.of(folder.resolve("a"), folder.resolve("b")), folder.resolve("curves")))
                .withMessage(folder.resolve("b")
                        + " must be checked at the steps of the first model, [3, 6, 9], but is at [4, 8, 12]");
    }

    @Test
    void beginsWithTheFrequenciesOfTheTokens() throws Exception {
        train("out", 1, () -> false);

        MaskedTokenMetrics metrics = metrics("out");
        assertThat(metrics.perplexities().get(0).value())
                .isCloseTo(metrics.unigramPerplexity(), Percentage.withPercentage(25));
    }

    @Test
    void refusesATokenizerOfMoreIdsThanTheRecipeHas() throws Exception {
        vocabSize = 2000;

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train("out", 1, () -> false))
                .withMessageMatching(".*tokenizer.json must have ids below vocabSize=2000, but has \\d+");
    }

    @Test
    void refusesToGoOnWithAnotherTokenizer() throws Exception {
        int[] steps = {0};
        train("out", 12, () -> ++steps[0] == 2);
        Path tokenizer = folder.resolve("tokenizer.json");
        Files.writeString(tokenizer, Files.readString(tokenizer) + "\n");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train("out", 12, () -> false))
                .withMessageStartingWith(folder.resolve("out/checkpoint")
                        + " must be of the same recipe, start and texts, but is of others");
    }

    @Test
    void refusesATokenizerThatIsNotBerts() throws Exception {
        Path tokenizer = folder.resolve("tokenizer.json");
        Files.writeString(
                tokenizer, Files.readString(tokenizer).replaceAll("\"ids\": ?\\[\\s*101\\s*\\]", "\"ids\": [104]"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train("out", 1, () -> false))
                .withMessage(tokenizer
                        + " must tokenize no text to [CLS] and [SEP] of BERT, [101, 102], but does to [104, 102]");
    }

    @Test
    void stopsWhereTheLossGrowsBeyondAllBounds() {
        learningRate = 1e30f;

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train("out", 12, () -> false))
                .withMessageMatching("loss must be finite, but is .* in step \\d+: lower the learning rates.*");
    }

    @Test
    void drawsNoModelsTogetherThatGuessedOtherTokens() throws Exception {
        train("a", 3, () -> false);
        masked = 0.3f;
        train("b", 3, () -> false);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> PerplexityCurves.write(
                        List.of(folder.resolve("a"), folder.resolve("b")), folder.resolve("curves")))
                .withMessageStartingWith(folder.resolve("b")
                        + " must be measured on the tokens of the first model, of the unigram perplexity "
                        + metrics("a").unigramPerplexity());
    }

    @Test
    void refusesTooLittleTextAndAnotherHead() throws Exception {
        Files.writeString(folder.resolve("labelled/train.jsonl"), "");
        Files.writeString(folder.resolve("pairs/pairs-train.jsonl"), "");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> train("out", 12, () -> false))
                .withMessage("[%s, %s] must hold at least 8 windows of 32 tokens, but hold 0"
                        .formatted(folder.resolve("labelled/train.jsonl"), folder.resolve("pairs/pairs-train.jsonl")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> recipe(1, new EmbeddingHead.Config(8)))
                .withMessage("heads must begin with a MaskedTokenHead, but are [Config[equal=8]]");
        vocabSize = 999;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> recipe(1, new MaskedTokenHead.Config()))
                .withMessage("vocabSize must be more than the 999 ids of BERT that are no words, but is 999");
    }
}
