package org.linformer.serving.model;

import java.util.List;
import java.util.function.Function;

/**
 * A model's answers to the texts of a request, in their order.
 *
 * @param <T> what it says of a text
 * @param model the model's name
 * @param answers the answers
 */
public record Answers<T>(String model, List<Answer<T>> answers) {

    <R> Answers<R> map(Function<T, R> change) {
        return new Answers<>(
                model,
                answers.stream()
                        .map(answer ->
                                new Answer<>(change.apply(answer.value()), answer.tokensRead(), answer.tokensTotal()))
                        .toList());
    }
}
