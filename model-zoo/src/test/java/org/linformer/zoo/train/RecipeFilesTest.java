package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.linformer.json.StrictJson;
import org.linformer.zoo.ModelConfig;

/** The recipes beside those of the packaged models, and what they came to. */
class RecipeFilesTest {

    private static List<Path> files(String... folders) throws Exception {
        try (Stream<Path> all = Files.walk(Path.of("src/main"))) {
            return all.filter(file -> file.toString().endsWith(".json") && !file.endsWith(ModelConfig.TOKENIZER))
                    .filter(file -> Stream.of(folders).anyMatch(folder -> file.startsWith("src/main/" + folder)))
                    .toList();
        }
    }

    private static boolean isMetrics(Path file) {
        return file.endsWith(Recipe.METRICS) || file.getParent().endsWith("metrics");
    }

    @Test
    void areRecipesAndMetricsOfThese() throws Exception {
        List<Path> files = files("comparisons", "pretraining");

        assertThat(files).hasSizeGreaterThan(16);
        for (Path file : files) {
            if (!isMetrics(file)) {
                assertThat(Recipe.read(file).name()).as(file.toString()).isNotBlank();
            } else if (file.startsWith("src/main/comparisons")) {
                assertThat(StrictJson.read(file, ClassifierMetrics.class).command())
                        .as(file.toString())
                        .contains(file.resolveSibling(Recipe.FILE).toString());
            } else {
                assertThat(StrictJson.read(file, MaskedTokenMetrics.class).command())
                        .as(file.toString())
                        .contains("src/main/pretraining/" + file.getFileName());
            }
        }
    }
}
