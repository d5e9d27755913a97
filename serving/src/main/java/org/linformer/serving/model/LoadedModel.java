package org.linformer.serving.model;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.linformer.attention.LinformerAttention;
import org.linformer.zoo.ClassificationTranslator;
import org.linformer.zoo.EmbeddingTranslator;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.TokenizedText;

/** A model in memory, with its tokenizer; both tasks share the weights. */
final class LoadedModel implements AutoCloseable {

    private final ZooModel<NDList, NDList> model;
    private final ModelConfig config;
    private final TextTokenizer tokenizer;

    /** Loads a model of the zoo, or of a folder if the place has a slash. */
    LoadedModel(String place, String precision) throws IOException, ModelNotFoundException, MalformedModelException {
        model = Criteria.builder()
                .setTypes(NDList.class, NDList.class)
                .optModelUrls(LinformerModelZoo.url(place))
                .optTranslator(new NoopTranslator())
                .optArgument("precision", precision)
                .build()
                .loadModel();
        config = ModelConfig.of(model);
        tokenizer = TextTokenizer.of(model);
    }

    ModelConfig config() {
        return config;
    }

    ModelInfo info() {
        return new ModelInfo(
                config.name(),
                "model",
                "linformer",
                config.version(),
                config.labels(),
                config.embeds() ? config.dimension() : 0,
                config.maxTokens(),
                config.encoder().attention() instanceof LinformerAttention.Config linformer ? linformer.k() : List.of(),
                // may be less than was asked for
                model.getProperty("precision"));
    }

    String card() throws IOException {
        return Files.readString(model.getModelPath().resolve("CARD.md"));
    }

    TextTokenizer tokenizer() {
        return tokenizer;
    }

    boolean does(Task task) {
        return task == Task.CLASSIFY ? config.classifies() : config.embeds();
    }

    Predictor<TokenizedText, ?> newPredictor(Task task) {
        return task == Task.CLASSIFY
                ? model.newPredictor(new ClassificationTranslator(config))
                : model.newPredictor(new EmbeddingTranslator(config));
    }

    static List<Label> labels(Object answer) {
        Classifications classifications = (Classifications) answer;
        return classifications.topK(classifications.getClassNames().size()).stream()
                .map(item -> new Label(item.getClassName(), item.getProbability()))
                .toList();
    }

    @Override
    public void close() {
        model.close();
    }
}
