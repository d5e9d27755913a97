package org.linformer.zoo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
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
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.search.SearchFigures;
import org.linformer.zoo.train.EmbeddingMetrics;

/** Search is measured with the packaged model and the one that it starts from. */
class SearchTest {

    /** Each query shares no word with its document. */
    private static final List<List<String>> PAIRS = List.of(
            List.of("storm forecast", "Heavy rain and strong wind are expected in the mountains tomorrow."),
            List.of("bread recipe", "Mix flour, yeast and water, let the dough rise, then bake it in a hot oven."),
            List.of("football result", "The home team scored twice in the second half and won the match."),
            List.of("medical advice", "The doctor told the patient to take the pills after each meal."));

    @TempDir
    private Path folder;

    private Path original;
    private Path model;

    @BeforeEach
    void importsTheOriginal() throws Exception {
        String entry =
                SearchTest.class.getResource("/all-minilm-l6-v2.onnx").toURI().toString();
        Path jar = Path.of(new URI(entry.substring("jar:".length(), entry.indexOf('!'))));
        original = folder.resolve("minilm");
        assertThat(Main.run("import", "all-minilm-l6-v2", jar.toString(), "--out", original.toString()))
                .isZero();
        model = Files.createDirectory(folder.resolve("model"));
        try (Stream<Path> files = Files.list(LinformerModelZoo.folder("minilm-linformer-4k"))) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(file.getFileName()));
            }
        }
    }

    /** The first two documents are long: what they are about stands at their end. */
    private Path pairs() throws Exception {
        String before = "This page was made by a program, and nobody has looked at it since. ".repeat(25);
        String lines = IntStream.range(0, PAIRS.size())
                .mapToObj(i -> {
                    JsonObject line = new JsonObject();
                    line.addProperty("id", String.valueOf(i));
                    line.addProperty("query", PAIRS.get(i).get(0));
                    String text = PAIRS.get(i).get(1);
                    line.addProperty("document", i < 2 ? before + text.repeat(12) : text);
                    return line.toString();
                })
                .collect(Collectors.joining("\n"));
        return Files.writeString(folder.resolve("pairs.jsonl"), lines + "\n");
    }

    private String[] search() throws Exception {
        return new String[] {
            "evaluate-search", model.toString(), pairs().toString(), "--original", original.toString(), "--card"
        };
    }

    @Test
    void measuresEveryWayToSearchAndPutsTheFiguresIntoTheCard() throws Exception {
        assertThat(Main.run(search())).isZero();

        EmbeddingMetrics metrics = StrictJson.read(model.resolve("metrics.json"), EmbeddingMetrics.class);
        EmbeddingMetrics.Search search =
                metrics.searches().get(metrics.searches().size() - 1);
        assertThat(search.documents()).isEqualTo(4);
        assertThat(search.figures())
                .extracting(SearchFigures::method)
                .containsExactly(
                        "minilm-linformer-4k, 4,096 tokens",
                        "all-minilm-l6-v2, 128 tokens",
                        "all-minilm-l6-v2, 256 tokens",
                        "all-minilm-l6-v2, 512 tokens",
                        "all-minilm-l6-v2, mean of windows of 256 tokens, 4,096 in all",
                        "BM25 (k1 1.2, b 0.75)",
                        "TF-IDF");
        SearchFigures ours = search.figures().get(0);
        assertThat(ours.all()).as("it reads to the end").isEqualTo(new SearchFigures.Scores(4, 1, 1, 1));
        assertThat(ours.byTokens()).containsOnlyKeys("<= 256", "513-1024");
        assertThat(search.figures().get(2).byTokens().get("<= 256"))
                .as("short texts have the original's vectors")
                .isEqualTo(new SearchFigures.Scores(2, 1, 1, 1));
        assertThat(search.figures().get(1).byTokens().get("513-1024"))
                .as("the original does not see the end, in which alone they differ")
                .satisfies(scores -> {
                    assertThat(scores.recallAt1()).isLessThan(1);
                    assertThat(scores.recallAt10()).isEqualTo(1);
                    assertThat(scores.mrr()).isLessThan(1);
                });
        assertThat(model.resolve("CARD.md"))
                .content()
                .contains(
                        "Search among 4 documents",
                        "| minilm-linformer-4k, 4,096 tokens | 1.0000 | 1.0000 | 1.0000 |",
                        "| | <= 256 (2) | 513-1024 (2) |",
                        "| minilm-linformer-4k, 4,096 tokens | 1.000, 1.000, 1.000 | 1.000, 1.000, 1.000 |",
                        search.command());
    }

    @Test
    void refusesACardForAModelOfAnotherKind() throws Exception {
        Files.copy(
                LinformerModelZoo.folder("spam-linformer").resolve("recipe.json"),
                model.resolve("recipe.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(errorsOf(search()))
                .contains(model.resolve("recipe.json") + " must be an EmbeddingRecipe, but is not");
    }

    @Test
    void refusesACardForAModelThatWasNotTrainedHereBeforeItSearches() throws Exception {
        Files.delete(model.resolve("metrics.json"));
        assertThat(errorsOf(search()))
                .contains(model + " must have metrics.json, which its training writes, but has none");
    }

    @Test
    void refusesWhatItCannotImport() {
        assertThat(errorsOf("import", "bert", "a.jar", "--out", "x"))
                .contains("model must be all-minilm-l6-v2, but is bert");
        assertThat(errorsOf("import", "all-minilm-l6-v2", "a.jar", "--updates", "u", "--out", "x"))
                .contains("--updates must come with --recipe, but stands alone");
    }

    @Test
    void refusesATrainingWithoutAStart() {
        assertThat(errorsOf(
                        "train",
                        model.resolve("recipe.json").toString(),
                        "--data",
                        "d",
                        "--out",
                        folder.resolve("out").toString()))
                .contains("--start must name a model for an EmbeddingRecipe, but is not given");
    }

    @Test
    void refusesLowRankUpdatesOfNothing() throws Exception {
        String recipe = LinformerModelZoo.folder("spam-linformer")
                .resolve("recipe.json")
                .toString();
        assertThat(errorsOf("train", recipe, "--data", "d", "--out", "out"))
                .contains("--start must name a model for a recipe of low-rank updates, rank=32, but is not given");
    }

    @Test
    void refusesToTrainOverTheStart() {
        assertThat(errorsOf(
                        "train",
                        model.resolve("recipe.json").toString(),
                        "--data",
                        "d",
                        "--start",
                        original.toString(),
                        "--out",
                        original.resolve("../minilm").toString()))
                .contains("--out must be another folder than that of --start, but is " + original.resolve("../minilm"));
    }

    @Test
    void refusesTwoFoldersForAClassifier() throws Exception {
        String recipe = LinformerModelZoo.folder("spam-linformer")
                .resolve("recipe.json")
                .toString();
        assertThat(errorsOf("train", recipe, "--data", "a", "--data", "b", "--out", "out"))
                .contains("--data must be one folder for a ClassifierRecipe, but is [a, b]");
    }

    private static String errorsOf(String... arguments) {
        PrintStream before = System.err;
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
        try {
            assertThat(Main.run(arguments)).isNotZero();
        } finally {
            System.setErr(before);
        }
        return told.toString(StandardCharsets.UTF_8);
    }
}
