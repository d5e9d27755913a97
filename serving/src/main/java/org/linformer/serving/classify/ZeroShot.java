package org.linformer.serving.classify;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.linformer.serving.model.Label;
import org.linformer.zoo.search.VectorSearch;

/**
 * Labels by likeness of vectors: the softmax of the text's cosines to the vectors of a sentence for each label, divided
 * by a temperature. The scores rank the labels; they are no measured probabilities.
 */
final class ZeroShot {

    /** What is embedded for a label. */
    static final String SENTENCE = "This text is about %s.";

    /** The temperature of the contrastive loss that the embedding model was trained with. */
    private static final double TEMPERATURE = 0.05;

    private ZeroShot() {}

    /**
     * Ranks labels.
     *
     * @param text the text's vector, of length 1
     * @param names the labels
     * @param labels their vectors, of length 1
     * @return the labels, the most alike first
     */
    static List<Label> labels(float[] text, List<String> names, List<float[]> labels) {
        double[] weights = labels.stream()
                .mapToDouble(label -> Math.exp((VectorSearch.dot(text, label) - 1) / TEMPERATURE))
                .toArray();
        double sum = Arrays.stream(weights).sum();
        return IntStream.range(0, weights.length)
                .mapToObj(i -> new Label(names.get(i), weights[i] / sum))
                .sorted(Comparator.comparingDouble(Label::score).reversed())
                .toList();
    }
}
