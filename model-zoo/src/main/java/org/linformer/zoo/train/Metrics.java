package org.linformer.zoo.train;

/**
 * What a training came to: the file {@code metrics.json}, written by the program that measured it.
 *
 * @param command what was run
 * @param trainTexts texts that were learned from
 * @param epochs epochs that were trained
 * @param bestEpoch the epoch whose weights are kept, chosen by macro-F1 on the validation texts
 * @param tokens tokens that were read in training
 * @param minutes time that training took
 * @param tokensPerSecond their quotient
 * @param validation figures on the validation texts
 * @param test figures on the test texts, which neither training nor the choice of the epoch saw
 * @param testCutAt512 the same texts, each cut after 512 tokens
 * @param testLongerThan512 the test texts of more than 512 tokens
 * @param testLongerThan512CutAt512 those, each cut after 512 tokens
 */
public record Metrics(
        String command,
        int trainTexts,
        int epochs,
        int bestEpoch,
        long tokens,
        double minutes,
        double tokensPerSecond,
        Evaluation validation,
        Evaluation test,
        Evaluation testCutAt512,
        Evaluation testLongerThan512,
        Evaluation testLongerThan512CutAt512) {

    /** Name of the file in a model's folder. */
    public static final String FILE = "metrics.json";
}
