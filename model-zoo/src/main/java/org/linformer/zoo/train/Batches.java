package org.linformer.zoo.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.linformer.zoo.TokenizedText;

/** How texts are put together: steps of a number of texts, and within a step goes of about equal length. */
final class Batches {

    private static final int SORTED_STEPS = 50;

    private Batches() {}

    /** How many steps an epoch has; the last of them may be short of texts. */
    static int perEpoch(int all, int batchSize) {
        return (all + batchSize - 1) / batchSize;
    }

    /** What one step reads: each epoch has an order of its own, the same each time for the same seed. */
    static <T> List<T> ofStep(List<T> all, int batchSize, long seed, int step) {
        int perEpoch = perEpoch(all.size(), batchSize);
        List<T> order = new ArrayList<>(all);
        Collections.shuffle(order, new Random(seed + (step - 1) / perEpoch));
        int from = (step - 1) % perEpoch * batchSize;
        return order.subList(from, Math.min(from + batchSize, order.size()));
    }

    /** The same with texts of about equal length in each step, so that few of the tokens it computes are padding. */
    static List<LabelledText> ofStepAlike(List<LabelledText> all, int batchSize, long seed, int step) {
        int perEpoch = perEpoch(all.size(), batchSize);
        Random random = new Random(seed + (step - 1) / perEpoch);
        List<LabelledText> order = new ArrayList<>(all);
        Collections.shuffle(order, random);
        for (int from = 0; from < order.size(); from += SORTED_STEPS * batchSize) {
            int to = Math.min(from + SORTED_STEPS * batchSize, order.size());
            order.subList(from, to)
                    .sort(Comparator.comparingInt(text -> text.text().read()));
        }
        List<Integer> steps =
                new ArrayList<>(IntStream.range(0, perEpoch).boxed().toList());
        Collections.shuffle(steps, random);
        int from = steps.get((step - 1) % perEpoch) * batchSize;
        return order.subList(from, Math.min(from + batchSize, order.size()));
    }

    /** Groups with at most this many tokens each, padding counted, so that little of them is padding. */
    static List<List<LabelledText>> goes(List<LabelledText> texts, int maxTokens) {
        List<TokenizedText> tokens = texts.stream().map(LabelledText::text).toList();
        return TokenizedText.byLength(tokens, maxTokens).stream()
                .map(go -> go.stream().map(texts::get).toList())
                .toList();
    }
}
