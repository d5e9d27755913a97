package org.linformer.zoo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.SoftmaxAttention;
import org.linformer.encoder.ClassifierHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.MaskedTokenHead;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.train.ClassifierMetrics;
import org.linformer.zoo.train.ClassifierRecipe;
import org.linformer.zoo.train.ClassifierRecipe.Updated;
import org.linformer.zoo.train.MaskedTokenMetrics;
import org.linformer.zoo.train.MaskedTokenRecipe;
import org.linformer.zoo.train.Recipe;

/** Masked tokens from nothing, masked tokens from that, and labels from both, by the commands that a user gives. */
class TrainTest {

    private static final EncoderConfig ENCODER = new EncoderConfig(
            /* numLayers= */ 1,
            /* ffDim= */ 16,
            EncoderConfig.Activation.GELU,
            /* normFirst= */ false,
            /* finalNorm= */ false,
            /* normEpsilon= */ 1e-6f,
            /* dropout= */ 0,
            new SoftmaxAttention.Config(new Heads(16, 2, 8, true, 0, false), /* maxLength= */ 32),
            /* apart= */ false);

    @TempDir
    private Path folder;

    @BeforeEach
    void writeTextsAndRecipes() throws Exception {
        Files.copy(
                LinformerModelZoo.folder("spam-linformer").resolve(ModelConfig.TOKENIZER),
                folder.resolve(ModelConfig.TOKENIZER));
        for (String split : new String[] {"train", "validation", "test"}) {
            Files.writeString(
                    folder.resolve(split + ".jsonl"),
                    IntStream.range(0, 40)
                            .mapToObj(i -> "{\"id\": \"%d\", \"text\": \"%s\", \"label\": \"%s\"}\n"
                                    .formatted(
                                            i,
                                            (i % 2 == 0 ? "apples and pears " : "hammers and saws ").repeat(3 + i % 5),
                                            i % 2 == 0 ? "fruit" : "tool"))
                            .collect(Collectors.joining()));
        }
        write("masked", masked(0));
        write("masked-again", masked(2));
        write(
                "labels",
                new ClassifierRecipe(
                        "fruit-or-tool",
                        "1.0",
                        "Tells fruit from tools.",
                        "made up",
                        "anything else",
                        List.of("fruit", "tool"),
                        /* vocabSize= */ 30522,
                        ENCODER,
                        List.of(new ClassifierHead.Config(2)),
                        /* seed= */ 1,
                        /* epochs= */ 1,
                        /* batchSize= */ 8,
                        /* maxBatchTokens= */ 256,
                        /* learningRate= */ 0.01f,
                        /* startRate= */ 0.001f,
                        /* rank= */ 2,
                        Updated.ALL,
                        /* warmup= */ 0.1f,
                        /* weightDecay= */ 0,
                        /* maxGradientNorm= */ 1,
                        /* tokenDropout= */ 0));
    }

    private static MaskedTokenRecipe masked(int rank) {
        return new MaskedTokenRecipe(
                "goods",
                "1.0",
                "Guesses what is sold.",
                "made up",
                "anything else",
                /* vocabSize= */ 30522,
                ENCODER,
                List.of(new MaskedTokenHead.Config()),
                /* seed= */ 1,
                /* steps= */ 3,
                /* checks= */ 1,
                /* batchSize= */ 2,
                /* maxBatchTokens= */ 64,
                /* validationWindows= */ 2,
                /* masked= */ 0.3f,
                /* learningRate= */ 0.1f,
                /* projectionRate= */ 0,
                rank,
                /* warmup= */ 0,
                /* weightDecay= */ 0,
                /* maxGradientNorm= */ 1);
    }

    private void write(String name, Recipe recipe) throws Exception {
        Files.writeString(folder.resolve(name + ".json"), StrictJson.write(recipe));
    }

    private String at(String name) {
        return folder.resolve(name).toString();
    }

    private int train(String recipe, String out, String... options) {
        return Main.run(Stream.concat(
                        Stream.of("train", at(recipe + ".json"), "--data", folder.toString(), "--out", at(out)),
                        Stream.of(options))
                .toArray(String[]::new));
    }

    private String errorsOf(String recipe, String out, String... options) {
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
        try {
            assertThat(train(recipe, out, options)).isEqualTo(1);
        } finally {
            System.setErr(before);
        }
        return errors.toString(StandardCharsets.UTF_8);
    }

    @Test
    void goesFromMaskedTokensToLabels() throws Exception {
        assertThat(train("masked", "first")).isZero();
        assertThat(train("masked-again", "second", "--start", at("first"))).isZero();
        assertThat(train("labels", "model", "--start", at("first"), "--updates-of", at("second")))
                .isZero();

        assertThat(StrictJson.read(folder.resolve("second/metrics.json"), MaskedTokenMetrics.class))
                .satisfies(metrics -> {
                    assertThat(metrics.start()).isEqualTo("goods");
                    assertThat(metrics.command()).endsWith(" --start %s --out %s".formatted(at("first"), at("second")));
                });
        assertThat(StrictJson.read(folder.resolve("model/metrics.json"), ClassifierMetrics.class))
                .satisfies(metrics -> {
                    assertThat(metrics.start()).isEqualTo("goods with the updates of goods");
                    assertThat(metrics.command())
                            .isEqualTo("linformer train %s --data %s --start %s --updates-of %s --out %s"
                                    .formatted(at("labels.json"), folder, at("first"), at("second"), at("model")));
                });

        assertThat(errorsOf("labels", "second", "--start", at("first"), "--updates-of", at("second")))
                .contains("--out must be another folder than that of --updates-of, but is " + at("second"));
        assertThat(errorsOf("labels", "other", "--start", at("second"), "--updates-of", at("second")))
                .contains(
                        at("second") + " must be made from the model that this training starts from, but its encoder");
    }

    @Test
    void refusesUpdatesThatNothingGoesOnWith() {
        assertThat(errorsOf("masked", "model", "--updates-of", "u"))
                .contains("--updates-of must stand with a ClassifierRecipe of low-rank updates, but is u with"
                        + " MaskedTokenRecipe of rank=0");
        assertThat(errorsOf("masked-again", "model"))
                .contains("--start must name a model for a recipe of low-rank updates, rank=2, but is not given");
    }
}
