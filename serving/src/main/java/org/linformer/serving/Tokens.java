package org.linformer.serving;

import org.linformer.serving.model.Answer;

/**
 * How much of a text the model read.
 *
 * @param read tokens that were read, special tokens counted
 * @param total tokens of the whole text
 * @param truncated whether the rest was cut off
 * @param windows parts in which the text was read, 1 if at once
 */
public record Tokens(int read, int total, boolean truncated, int windows) {

    /**
     * Says how much of a text an answer is based on.
     *
     * @param answer the answer
     * @return its tokens
     */
    public static Tokens of(Answer<?> answer) {
        return new Tokens(
                answer.tokensRead(),
                answer.tokensTotal(),
                answer.tokensRead() < answer.tokensTotal(),
                answer.windows());
    }
}
