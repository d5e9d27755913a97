package org.linformer.zoo.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.linformer.zoo.TokenizedText;

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

    /** What one step reads: each epoch has an order of its own, the same each time for the same seed. */
    static <T> List<T> ofStep(List<T> all, int batchSize, long seed, int step) {
        int perEpoch = all.size() / batchSize;
        List<T> order = new ArrayList<>(all);
        Collections.shuffle(order, new Random(seed + (step - 1) / perEpoch));
        int from = (step - 1) % perEpoch * batchSize;
        return order.subList(from, from + batchSize);
    }

    /** Groups with at most this many tokens each, padding counted, so that little of them is padding. */
    static List<List<LabelledText>> goes(List<LabelledText> texts, int maxTokens) {
        List<TokenizedText> tokens = texts.stream().map(LabelledText::text).toList();
        return TokenizedText.byLength(tokens, maxTokens).stream()
                .map(go -> go.stream().map(texts::get).toList())
                .toList();
    }
}
