package org.linformer.zoo.train;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;
import org.linformer.zoo.data.Example;

/** Measures a model as its users load it, so the figures are those of the packaged weights. */
public final class Evaluator implements AutoCloseable {

    private static final int MAX_BATCH_TOKENS = 16_384;

    private final ZooModel<TokenizedText, Classifications> model;
    private final Predictor<TokenizedText, Classifications> predictor;
    private final ModelConfig config;

    /**
     * Loads a model.
     *
     * @param url {@code linformer://NAME} or {@code linformer:///FOLDER}
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model, or it does not classify
     * @throws MalformedModelException if its weights are not its own
     */
    public Evaluator(String url) throws IOException, ModelNotFoundException, MalformedModelException {
        model = Criteria.builder()
                .setTypes(TokenizedText.class, Classifications.class)
                .optModelUrls(url)
                .build()
                .loadModel();
        predictor = model.newPredictor();
        config = ModelConfig.of(model);
    }

    /**
     * Measures the model.
     *
     * @param texts labelled texts; one that is too long is cut at its end
     * @param maxTokens where each text is cut before that, in tokens
     * @return the figures
     * @throws IOException if the tokenizer cannot be read
     * @throws TranslateException if the engine fails
     * @throws IllegalArgumentException if a label is not one of the model's
     */
    public Evaluation evaluate(List<LabelledText> texts, int maxTokens) throws IOException, TranslateException {
        List<LabelledText> cut = texts.stream()
                .map(text -> new LabelledText(text.text().cut(maxTokens), text.label()))
                .toList();
        List<Integer> expected = new ArrayList<>();
        List<Integer> actual = new ArrayList<>();
        for (List<LabelledText> go : Batches.goes(cut, MAX_BATCH_TOKENS)) {
            List<Classifications> answers =
                    predictor.batchPredict(go.stream().map(LabelledText::text).toList());
            for (int i = 0; i < go.size(); i++) {
                expected.add(go.get(i).label());
                actual.add(config.labels().indexOf(answers.get(i).best().getClassName()));
            }
        }
        return Evaluation.of(
                config.labels(),
                expected.stream().mapToInt(i -> i).toArray(),
                actual.stream().mapToInt(i -> i).toArray());
    }

    /**
     * Tokenizes labelled texts with the model's own tokenizer.
     *
     * @param examples the texts
     * @return the same, tokenized
     * @throws IOException if the tokenizer cannot be read
     */
    public List<LabelledText> tokenize(List<Example> examples) throws IOException {
        return tokenize(examples, TextTokenizer.of(model), config.labels());
    }

    static List<LabelledText> tokenize(List<Example> examples, TextTokenizer tokenizer, List<String> labels) {
        return examples.stream()
                .map(example -> {
                    int label = labels.indexOf(example.label());
                    if (label < 0) {
                        throw new IllegalArgumentException("label of %s must be one of %s, but is %s"
                                .formatted(example.id(), labels, example.label()));
                    }
                    return new LabelledText(tokenizer.tokenize(example.text(), Truncation.END), label);
                })
                .toList();
    }

    @Override
    public void close() {
        predictor.close();
        model.close();
    }
}
