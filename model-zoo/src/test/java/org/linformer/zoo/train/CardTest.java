package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.ModelConfig;

class CardTest {

    static List<String> names() {
        return LinformerModelZoo.names();
    }

    @ParameterizedTest
    @MethodSource("names")
    void quotesTheMeasuredFigures(String name) throws IOException {
        Path folder = LinformerModelZoo.folder(name);
        ModelConfig config = ModelConfig.read(folder);
        Path metrics = folder.resolve(Recipe.METRICS);
        long bytes = Files.size(folder.resolve(ModelConfig.WEIGHTS));

        Recipe recipe = Recipe.read(folder.resolve(Recipe.FILE));
        String card = recipe instanceof ClassifierRecipe classifier
                ? Card.of(classifier, config, StrictJson.read(metrics, ClassifierMetrics.class), bytes)
                : Card.of((EmbeddingRecipe) recipe, config, StrictJson.read(metrics, EmbeddingMetrics.class), bytes);
        assertThat(folder.resolve(Card.FILE)).hasContent(card);
    }
}
