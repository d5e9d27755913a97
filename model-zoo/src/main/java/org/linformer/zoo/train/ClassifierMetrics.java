package org.linformer.zoo.train;

import java.util.List;

/**
 * What the training of a classifier came to: the file {@code metrics.json}, written by the program that measured it.
 *
 * @param command what was run
 * @param start the model that it started from, or "nothing"
 * @param trainTexts texts that were learned from
 * @param epochs epochs that were trained
 * @param bestEpoch the epoch whose weights are kept, chosen by macro-F1 on the validation texts
 * @param tokens tokens that were read in training
 * @param minutes time that training took
 * @param tokensPerSecond their quotient
 * @param validation figures on the validation texts
 * @param test figures on the test texts, which neither training nor the choice of the epoch saw
 */
public record ClassifierMetrics(
        String command,
        String start,
        int trainTexts,
        int epochs,
        int bestEpoch,
        long tokens,
        double minutes,
        double tokensPerSecond,
        Evaluation validation,
        List<Reading> test) {

    public ClassifierMetrics {
        test = List.copyOf(test);
    }

    /**
     * Figures on some of the test texts, read to some length.
     *
     * @param moreThan these are the texts of more than so many tokens
     * @param upTo where each is cut, in tokens
     * @param evaluation the figures
     */
    public record Reading(int moreThan, int upTo, Evaluation evaluation) {}
}
