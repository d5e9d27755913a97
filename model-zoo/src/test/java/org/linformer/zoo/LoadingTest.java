package org.linformer.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.Application;
import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.MRL;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ModelZoo;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;

/** The ways in which DJL's {@code Criteria} find a model. */
class LoadingTest {

    private static final String TEXT = "You have been selected to receive a FREE cash prize. Click here now!";

    private static Criteria.Builder<String, Classifications> classifier() {
        return Criteria.builder().setTypes(String.class, Classifications.class);
    }

    private static String labelBy(Criteria.Builder<String, Classifications> criteria) throws Exception {
        try (ZooModel<String, Classifications> model = criteria.build().loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            return predictor.predict(TEXT).best().getClassName();
        }
    }

    @Test
    void findsAModelByGroupAndArtifactByOneOfThemAndByUrl() throws Exception {
        assertThat(labelBy(classifier().optGroupId("org.linformer").optArtifactId("spam-linformer")))
                .isEqualTo("spam");
        assertThat(labelBy(classifier().optGroupId("org.linformer"))).isIn("spam", "games", "neg");
        assertThat(labelBy(classifier().optArtifactId("spam-linformer"))).isEqualTo("spam");
        assertThat(labelBy(classifier().optModelZoo(ModelZoo.getModelZoo("org.linformer"))))
                .isIn("spam", "games", "neg");
        assertThat(labelBy(classifier().optModelUrls("linformer://spam-linformer")))
                .isEqualTo("spam");
    }

    @Test
    void findsAModelByTheApplicationThatDjlsOwnModelsHave() throws Exception {
        assertThat(labelBy(classifier()
                        .optApplication(Application.NLP.TEXT_CLASSIFICATION)
                        .optArtifactId("spam-linformer")))
                .isEqualTo("spam");
        try (ZooModel<String, float[]> model = Criteria.builder()
                .setTypes(String.class, float[].class)
                .optApplication(Application.NLP.TEXT_EMBEDDING)
                .optModelUrls("linformer://minilm-linformer-4k")
                .build()
                .loadModel()) {
            assertThat(ModelConfig.of(model).embeds()).isTrue();
        }
    }

    @Test
    void refusesATruncationThatItDoesNotKnow() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        labelBy(classifier().optArtifactId("spam-linformer").optArgument("truncate", "END")))
                .withMessage("truncate must be one of [none, end, start], but is END");
    }

    @Test
    void closesAModelThatGivesNoSuchAnswers() throws Exception {
        try (ZooModel<TokenizedText, float[]> model = Criteria.builder()
                .setTypes(TokenizedText.class, float[].class)
                .optModelUrls("linformer://minilm-linformer-4k")
                .build()
                .loadModel()) {
            assertThatExceptionOfType(TranslateException.class)
                    .isThrownBy(() -> new TextTranslatorFactory()
                            .newInstance(TokenizedText.class, Classifications.class, model, Map.of()));

            assertThat(model.getNDManager().isOpen()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"linformer:spam-linformer", "linformer:/", "linformer:///"})
    void refusesAUrlOfNoModel(String url) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> labelBy(classifier().optModelUrls(url)))
                .withMessageStartingWith("model must be one of [")
                .withMessageEndingWith("but is " + url.substring(url.indexOf(':') + 1));
    }

    @Test
    void namesTheTextOfABatchThatIsTooLong() throws Exception {
        try (ZooModel<String, Classifications> model =
                        classifier().optArtifactId("spam-linformer").build().loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            assertThatExceptionOfType(TranslateException.class)
                    .isThrownBy(() -> predictor.batchPredict(List.of(TEXT, "word ".repeat(5_000), TEXT)))
                    .withMessageContaining("text 2 of 3: text must be at most 4096 tokens, but is 5002");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ModelConfig.TOKENIZER, ModelConfig.WEIGHTS})
    void namesTheFileThatIsMissing(String file, @TempDir Path parent) throws Exception {
        Path folder = Files.createDirectory(parent.resolve("model"));
        Path whole = LinformerModelZoo.folder("spam-linformer");
        for (String name : List.of(ModelConfig.FILE, ModelConfig.TOKENIZER, ModelConfig.WEIGHTS)) {
            if (!name.equals(file)) {
                Files.copy(whole.resolve(name), folder.resolve(name));
            }
        }

        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> labelBy(classifier().optModelUrls(LinformerModelZoo.url(folder.toString()))))
                .withMessage("%s: a model's folder must hold %s", folder.resolve(file), file);
    }

    @Test
    void findsAModelByTypeAlone() throws Exception {
        try (ZooModel<TokenizedText, float[]> model = Criteria.builder()
                .setTypes(TokenizedText.class, float[].class)
                .build()
                .loadModel()) {
            assertThat(ModelConfig.of(model).embeds()).isTrue();
        }
        assertThatExceptionOfType(ModelNotFoundException.class)
                .isThrownBy(() -> Criteria.builder()
                        .setTypes(TokenizedText.class, Integer.class)
                        .optGroupId("org.linformer")
                        .build()
                        .loadModel());
    }

    @Test
    void readsAFolderWhereItIsWhateverItsName(@TempDir Path parent) throws Exception {
        String name = "my model, äöü 100%";
        assumeThat(Charset.forName(System.getProperty("sun.jnu.encoding"))
                        .newEncoder()
                        .canEncode(name))
                .as("left out: file names of this locale are ASCII")
                .isTrue();
        Path folder = Files.createDirectory(parent.resolve(name));
        try (Stream<Path> files = Files.list(LinformerModelZoo.folder("spam-linformer"))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        String url = LinformerModelZoo.url(folder.toString());

        assertThat(url).startsWith("linformer:///");
        assertThat(labelBy(classifier().optModelUrls(url))).isEqualTo("spam");
        assertThat(LinformerModelZoo.folder(folder.toString())).isEqualTo(folder);
    }

    /** OpenMP's threads take the name of the thread that they work for, and live as long as it does. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void leavesNoThreadsToTheCaller() throws Exception {
        assumeThat(Runtime.getRuntime().availableProcessors()).isGreaterThan(1);
        ExecutorService caller = Executors.newSingleThreadExecutor(task -> new Thread(task, "loads-a-model"));
        try {
            List<String> names = caller.submit(() -> {
                        try (ZooModel<String, Classifications> model = classifier()
                                .optModelUrls("linformer://spam-linformer")
                                .build()
                                .loadModel()) {
                            return nativeThreads();
                        }
                    })
                    .get();

            assertThat(names).containsOnlyOnce("loads-a-model");
        } finally {
            caller.shutdown();
        }
    }

    private static List<String> nativeThreads() throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            for (Path thread : threads.toList()) {
                try {
                    names.add(Files.readString(thread.resolve("comm")).strip());
                } catch (IOException e) {
                    // it has ended since
                }
            }
        }
        return names;
    }

    /** A classifier whose training did not know of weights for the tokens. */
    @Test
    void takesTheMeanOfTheTokensWhereAModelHasNoWeightsForThem(@TempDir Path folder) throws Exception {
        Path whole = LinformerModelZoo.folder("spam-linformer");
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                InputStream in = Files.newInputStream(whole.resolve(ModelConfig.WEIGHTS));
                OutputStream out = Files.newOutputStream(folder.resolve(ModelConfig.WEIGHTS))) {
            Map<String, NDArray> weights = Weights.read(manager, in);
            assertThat(weights.remove("heads.0.pooling.content")).isNotNull();
            new NDList(weights.values()).encode(out, NDList.Encoding.SAFETENSORS);
        }
        Files.copy(whole.resolve(ModelConfig.TOKENIZER), folder.resolve(ModelConfig.TOKENIZER));
        ModelConfig config = ModelConfig.read(whole);
        Files.writeString(
                folder.resolve(ModelConfig.FILE),
                StrictJson.write(new ModelConfig(
                        config.name(),
                        config.version(),
                        config.labels(),
                        config.vocabSize(),
                        config.encoder(),
                        config.heads(),
                        ModelConfig.hashes(folder))));

        assertThat(labelBy(classifier().optModelUrls(LinformerModelZoo.url(folder.toString()))))
                .isEqualTo("spam");
    }

    @Test
    void saysWhatIsMissingFromAFolder(@TempDir Path parent) {
        String nowhere = parent.resolve("nowhere").toString();

        assertThatExceptionOfType(java.nio.file.NoSuchFileException.class)
                .isThrownBy(() -> LinformerModelZoo.folder(nowhere))
                .withMessage(nowhere + ": a model must be a folder");
        assertThatExceptionOfType(java.nio.file.NoSuchFileException.class)
                .isThrownBy(() -> labelBy(classifier().optModelUrls(LinformerModelZoo.url(parent.toString()))))
                .withMessageEndingWith("a model's folder must hold config.json");
    }

    @Test
    void givesTheSameInABatchOfMixedAndOfEqualLengths() throws Exception {
        List<String> texts = List.of(TEXT, TEXT.repeat(30), "short", TEXT.repeat(2), TEXT);
        try (ZooModel<String, Classifications> model =
                        classifier().optArtifactId("spam-linformer").build().loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            List<Classifications> answers = predictor.batchPredict(texts);

            for (int i = 0; i < texts.size(); i++) {
                assertThat(answers.get(i).getProbabilities().get(0))
                        .isEqualTo(
                                predictor
                                        .predict(texts.get(i))
                                        .getProbabilities()
                                        .get(0),
                                within(1e-4));
            }
            assertThat(predictor.batchPredict(List.of(TEXT, TEXT)))
                    .extracting(answer -> answer.best().getClassName())
                    .containsExactly("spam", "spam");
        }
    }

    @Test
    void runsOnTheDeviceThatIsWanted() throws Exception {
        int gpus = Engine.getInstance().getGpuCount();
        Device wanted = gpus == 0 ? Device.cpu() : Device.gpu(gpus - 1);

        try (ZooModel<String, Classifications> model = classifier()
                .optArtifactId("spam-linformer")
                .optDevice(wanted)
                .build()
                .loadModel()) {
            assertThat(model.getNDManager().getDevice()).isEqualTo(wanted);
            assertThat(model.getBlock().getParameters().values())
                    .allSatisfy(parameter ->
                            assertThat(parameter.getArray().getDevice()).isEqualTo(wanted));
        }
        for (String criterion : List.of("linformer://spam-linformer", "spam-linformer")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> labelBy((criterion.contains(":")
                                    ? classifier().optModelUrls(criterion)
                                    : classifier().optArtifactId(criterion))
                            .optDevice(Device.gpu(gpus))))
                    .withMessage("device must be cpu or one of %d GPUs, but is gpu(%d)".formatted(gpus, gpus));
        }
    }

    @Test
    void isInDjlsLists() {
        assertThat(ModelZoo.listModelZoo()).extracting(ModelZoo::getGroupId).contains("org.linformer");
        assertThat(ModelZoo.listModels(
                        Criteria.builder().optArtifactId("spam-linformer").build()))
                .containsOnlyKeys(Application.UNDEFINED)
                .allSatisfy((application, models) ->
                        assertThat(models).extracting(MRL::getGroupId).containsExactly("org.linformer"));
        assertThat(LinformerModelZoo.names())
                .containsExactlyInAnyOrderElementsOf(ModelZoo.getModelZoo("org.linformer").getModelLoaders().stream()
                        .map(loader -> loader.getArtifactId())
                        .toList());
    }
}
