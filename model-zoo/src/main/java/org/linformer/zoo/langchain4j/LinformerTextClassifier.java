package org.linformer.zoo.langchain4j;

import ai.djl.MalformedModelException;
import ai.djl.modality.Classifications;
import ai.djl.repository.zoo.ModelNotFoundException;
import dev.langchain4j.classification.ClassificationResult;
import dev.langchain4j.classification.ScoredLabel;
import dev.langchain4j.classification.TextClassifier;
import java.io.IOException;
import java.util.List;
import org.linformer.zoo.TextModel;
import org.linformer.zoo.Truncation;

/**
 * A model as LangChain4j's {@code TextClassifier}, in process, asked by any number of threads. Close it when the
 * application ends.
 */
public final class LinformerTextClassifier implements TextClassifier<String>, AutoCloseable {

    private final TextModel<Classifications> model;
    private final Truncation truncation;

    /**
     * Loads a model, which refuses a text that is too long.
     *
     * @param place name of a packaged model, or a folder if there is a slash in it
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model, or it does not classify
     * @throws MalformedModelException never, but {@code Criteria} declares it
     * @throws IllegalArgumentException if its weights are not those of its configuration
     */
    public LinformerTextClassifier(String place) throws IOException, ModelNotFoundException, MalformedModelException {
        this(place, Truncation.NONE);
    }

    /**
     * Loads a model.
     *
     * @param place name of a packaged model, or a folder if there is a slash in it
     * @param truncation what happens to a text that is too long
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model, or it does not classify
     * @throws MalformedModelException never, but {@code Criteria} declares it
     * @throws IllegalArgumentException if its weights are not those of its configuration
     */
    public LinformerTextClassifier(String place, Truncation truncation)
            throws IOException, ModelNotFoundException, MalformedModelException {
        this(place, truncation, TextModel.FLOAT32);
    }

    /**
     * Loads a model.
     *
     * @param place name of a packaged model, or a folder if there is a slash in it
     * @param truncation what happens to a text that is too long
     * @param precision what it computes in: {@code float32}, or {@code bfloat16} where the device is faster with it
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model, or it does not classify
     * @throws MalformedModelException never, but {@code Criteria} declares it
     * @throws IllegalArgumentException if its weights are not those of its configuration, or there is no such precision
     */
    public LinformerTextClassifier(String place, Truncation truncation, String precision)
            throws IOException, ModelNotFoundException, MalformedModelException {
        model = new TextModel<>(place, Classifications.class, precision);
        this.truncation = truncation;
    }

    /**
     * Classifies a text.
     *
     * @param text the text
     * @return its most probable label
     * @throws IllegalArgumentException if the text is too long and may not be cut
     */
    @Override
    public List<String> classify(String text) {
        return List.of(classifyWithScores(text).scoredLabels().get(0).label());
    }

    /**
     * Classifies a text.
     *
     * @param text the text
     * @return all labels with their probabilities, the most probable first
     * @throws IllegalArgumentException if the text is too long and may not be cut
     */
    @Override
    public ClassificationResult<String> classifyWithScores(String text) {
        Classifications labels = model.answer(List.of(model.tokenize(text, truncation)), TextModel.BATCH_TOKENS)
                .get(0);
        return new ClassificationResult<>(labels.topK(labels.getClassNames().size()).stream()
                .map(label -> new ScoredLabel<>(label.getClassName(), label.getProbability()))
                .toList());
    }

    @Override
    public void close() {
        model.close();
    }
}
