package org.linformer.serving.model;

import java.util.List;
import java.util.function.Function;

/**
 * A model's answers to the texts of a request, in their order.
 *
 * @param <T> what it says of a text
 * @param model the model's name
 * @param answers the answers
 * @param timing where the time went
 */
public record Answers<T>(String model, List<Answer<T>> answers, Timing timing) {

    /**
     * Puts the answers another way.
     *
     * @param <R> what is said of a text then
     * @param change of what is said
     * @return the same of the same texts
     */
    public <R> Answers<R> map(Function<T, R> change) {
        return new Answers<>(
                model,
                answers.stream()
                        .map(answer -> new Answer<>(
                                change.apply(answer.value()),
                                answer.tokensRead(),
                                answer.tokensTotal(),
                                answer.windows()))
                        .toList(),
                timing);
    }

    /**
     * Returns what is said alone.
     *
     * @return of each text, in their order
     */
    public List<T> values() {
        return answers.stream().map(Answer::value).toList();
    }

    /**
     * Counts what was read.
     *
     * @return tokens of all texts
     */
    public int tokensRead() {
        return answers.stream().mapToInt(Answer::tokensRead).sum();
    }

    /**
     * Counts what was cut off.
     *
     * @return tokens of all texts
     */
    public int tokensCut() {
        return answers.stream().mapToInt(Answer::tokensTotal).sum() - tokensRead();
    }
}
