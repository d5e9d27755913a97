package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.util.Utils;
import java.io.IOException;
import java.io.InputStream;
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
        Recipe recipe = StrictJson.read(file(name, Recipe.FILE), Recipe.class);
        ModelConfig config = StrictJson.read(file(name, ModelConfig.FILE), ModelConfig.class);
        Metrics metrics = StrictJson.read(file(name, Metrics.FILE), Metrics.class);
        long bytes;
        try (InputStream in = open(name, ModelConfig.WEIGHTS)) {
            bytes = in.readAllBytes().length;
        }

        assertThat(file(name, Card.FILE)).isEqualTo(Card.of(recipe, config, metrics, bytes));
    }

    private static String file(String name, String file) throws IOException {
        try (InputStream in = open(name, file)) {
            return Utils.toString(in);
        }
    }

    private static InputStream open(String name, String file) {
        return LinformerModelZoo.class.getResourceAsStream("models/" + name + "/" + file);
    }
}
