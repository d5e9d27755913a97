package org.linformer.serving.model;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A label and how sure the model is.
 *
 * @param label the label
 * @param score its probability, in [0, 1], or its logit where that was asked for
 */
public record Label(String label, double score) {

    static List<Label> ranked(List<String> labels, float[] scores) {
        return IntStream.range(0, scores.length)
                .mapToObj(i -> new Label(labels.get(i), scores[i]))
                .sorted(Comparator.comparingDouble(Label::score).reversed())
                .toList();
    }
}
