package org.linformer.zoo.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** How texts are put together: steps of an equal number of texts, and within a step goes of about equal length. */
final class Batches {

    private Batches() {}

    /** The steps of one epoch, the same each time for the same seed. */
    static List<List<LabelledText>> steps(List<LabelledText> texts, int batchSize, long seed) {
        List<LabelledText> shuffled = new ArrayList<>(texts);
        Collections.shuffle(shuffled, new Random(seed));
        List<List<LabelledText>> steps = new ArrayList<>();
        for (int from = 0; from < shuffled.size(); from += batchSize) {
            steps.add(shuffled.subList(from, Math.min(from + batchSize, shuffled.size())));
        }
        return steps;
    }

    /** Groups with at most this many tokens each, padding counted, so that little of them is padding. */
    static List<List<LabelledText>> goes(List<LabelledText> texts, int maxTokens) {
        List<LabelledText> byLength = texts.stream()
                .sorted(Comparator.comparingInt(text -> text.text().read()))
                .toList();
        List<List<LabelledText>> goes = new ArrayList<>();
        List<LabelledText> go = new ArrayList<>();
        for (LabelledText text : byLength) {
            if ((go.size() + 1) * text.text().read() > maxTokens && !go.isEmpty()) {
                goes.add(go);
                go = new ArrayList<>();
            }
            go.add(text);
        }
        if (!go.isEmpty()) {
            goes.add(go);
        }
        return goes;
    }
}
