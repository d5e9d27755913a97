package org.linformer.zoo.train;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
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
        return evaluation(texts, answers(texts, maxTokens));
    }

    /** Indices of the labels that texts are given, each cut at so many tokens. */
    int[] answers(List<LabelledText> texts, int maxTokens) throws IOException, TranslateException {
        List<TokenizedText> cut =
                texts.stream().map(text -> text.text().cut(maxTokens)).toList();
        int[] answers = new int[cut.size()];
        for (List<Integer> go : TokenizedText.byLength(cut, MAX_BATCH_TOKENS)) {
            List<Classifications> ofGo =
                    predictor.batchPredict(go.stream().map(cut::get).toList());
            for (int i = 0; i < go.size(); i++) {
                answers[go.get(i)] = config.labels().indexOf(ofGo.get(i).best().getClassName());
            }
        }
        return answers;
    }

    /** Compares the first of the answers with the labels that texts have. */
    Evaluation evaluation(List<LabelledText> texts, int[] answers) {
        return Evaluation.of(
                config.labels(),
                texts.stream().mapToInt(LabelledText::label).toArray(),
                Arrays.copyOf(answers, texts.size()));
    }

    /**
     * Reads and tokenizes a file of labelled texts.
     *
     * @param file JSON lines: id, text, label
     * @return its texts, in the order of the lines
     * @throws IOException if it or the tokenizer cannot be read
     * @throws IllegalArgumentException if a line is no such text, or has a label that the model does not know
     */
    public List<LabelledText> read(Path file) throws IOException {
        return tokenize(Example.read(file, config.labels()));
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
