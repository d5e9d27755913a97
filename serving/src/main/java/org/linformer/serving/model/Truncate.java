package org.linformer.serving.model;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;

/** What happens to a text that is longer than its model reads. */
public enum Truncate {
    /** It is refused. */
    NONE,
    /** Its end is cut off. */
    END,
    /** Its start is cut off. */
    START,
    /** It is read in parts, and the answer is the mean of theirs, weighted by their tokens. */
    WINDOW,
    /** It is read in parts, and the answer is the largest of theirs, for each label or component. */
    WINDOW_MAX;

    /** The parts that the model reads. */
    List<TokenizedText> parts(TokenizedText whole, int maxTokens) {
        return switch (this) {
            case NONE -> List.of(whole.cut(maxTokens, Truncation.NONE));
            case END -> List.of(whole.cut(maxTokens, Truncation.END));
            case START -> List.of(whole.cut(maxTokens, Truncation.START));
            case WINDOW, WINDOW_MAX -> whole.windows(maxTokens);
        };
    }

    /** The answer to a text, of what the model says of its parts. */
    float[] merge(List<float[]> answers, List<TokenizedText> parts) {
        if (answers.size() == 1) {
            return answers.get(0);
        }
        long tokens = parts.stream().mapToLong(TokenizedText::read).sum();
        float[] merged = new float[answers.get(0).length];
        Arrays.fill(merged, this == WINDOW_MAX ? Float.NEGATIVE_INFINITY : 0);
        for (int part = 0; part < parts.size(); part++) {
            float weight = (float) parts.get(part).read() / tokens;
            float[] answer = answers.get(part);
            for (int i = 0; i < merged.length; i++) {
                merged[i] = this == WINDOW_MAX ? Math.max(merged[i], answer[i]) : merged[i] + weight * answer[i];
            }
        }
        return merged;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
