package org.linformer.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.linformer.zoo.train.Recipe;

class EveryModelIsCompleteTest {

    static List<String> names() {
        return LinformerModelZoo.names();
    }

    @ParameterizedTest
    @MethodSource("names")
    void hasEveryFile(String name) throws Exception {
        for (String file :
                List.of("config.json", "recipe.json", "metrics.json", "tokenizer.json", "pieces.txt", "CARD.md")) {
            try (InputStream in = getClass().getResourceAsStream("models/" + name + "/" + file)) {
                assertThat(in).as(file).isNotNull();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void isWhatItsRecipeMakes(String name) throws Exception {
        try (ZooModel<NDList, NDList> model = Criteria.builder()
                .setTypes(NDList.class, NDList.class)
                .optModelUrls("linformer://" + name)
                .optTranslator(new NoopTranslator())
                .build()
                .loadModel()) {
            Path folder = model.getModelPath();
            ModelConfig config = ModelConfig.of(model);
            assertThat(config.sha256().keySet()).containsExactly("model.safetensors", "tokenizer.json");
            Recipe recipe = Recipe.read(folder.resolve(Recipe.FILE));

            assertThat(config.name()).isEqualTo(name).isEqualTo(recipe.name());
            assertThat(config.version()).isEqualTo(recipe.version());
            assertThat(config.encoder()).isEqualTo(recipe.encoder());
            assertThat(config.heads()).isEqualTo(recipe.heads());
            assertThat(config.labels()).isEqualTo(recipe.labels());
        }
    }
}
