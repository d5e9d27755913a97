package org.linformer.zoo.train;

import java.util.List;

/**
 * What a pretraining came to: the file {@code metrics.json}, written by the program that measured it.
 *
 * @param command what was run
 * @param trainWindows windows that were there to learn from
 * @param steps steps that were made
 * @param bestStep the step whose weights are kept
 * @param tokens tokens that were read in training
 * @param minutes time that training took
 * @param tokensPerSecond their quotient
 * @param validationWindows windows that the perplexity was measured on, none of which was learned from
 * @param unigramPerplexity on them, of guessing each token by its share of the training windows alone
 * @param perplexities on them, in the course of the training
 */
public record MaskedTokenMetrics(
        String command,
        int trainWindows,
        int steps,
        int bestStep,
        long tokens,
        double minutes,
        double tokensPerSecond,
        int validationWindows,
        double unigramPerplexity,
        List<Perplexity> perplexities) {

    public MaskedTokenMetrics {
        perplexities = List.copyOf(perplexities);
    }

    /**
     * The perplexity after a step.
     *
     * @param step the step
     * @param value e to the mean negative log-probability of the tokens that were guessed
     */
    public record Perplexity(int step, double value) {}
}
