package org.linformer.zoo.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * How often a classifier is right.
 *
 * @param texts number of texts
 * @param accuracy share of texts whose label was found
 * @param macroF1 mean of the labels' F1, but for those that no text has and none was said to have
 * @param perLabel each label's figures
 */
public record Evaluation(int texts, double accuracy, double macroF1, List<OfLabel> perLabel) {

    /**
     * The figures of one label.
     *
     * @param label the label
     * @param texts texts that have it
     * @param precision share of the texts said to have it that do
     * @param recall share of the texts that have it that were said to
     * @param f1 harmonic mean of the two
     */
    public record OfLabel(String label, int texts, double precision, double recall, double f1) {}

    /**
     * Compares answers with the truth.
     *
     * @param labels the labels
     * @param expected index of the right label, by text
     * @param actual index of the label that was given, by text
     * @return the figures
     */
    static Evaluation of(List<String> labels, int[] expected, int[] actual) {
        List<OfLabel> perLabel = new ArrayList<>();
        List<OfLabel> occurring = new ArrayList<>();
        int right = 0;
        for (int label = 0; label < labels.size(); label++) {
            int wanted = label;
            int both = (int) IntStream.range(0, expected.length)
                    .filter(i -> expected[i] == wanted && actual[i] == wanted)
                    .count();
            int have = (int)
                    java.util.Arrays.stream(expected).filter(l -> l == wanted).count();
            int said = (int)
                    java.util.Arrays.stream(actual).filter(l -> l == wanted).count();
            right += both;
            OfLabel figures = new OfLabel(
                    labels.get(label), have, ratio(both, said), ratio(both, have), ratio(2 * both, have + said));
            perLabel.add(figures);
            if (have + said > 0) {
                occurring.add(figures);
            }
        }
        double macroF1 = occurring.stream().mapToDouble(OfLabel::f1).average().orElse(0);
        return new Evaluation(expected.length, ratio(right, expected.length), macroF1, perLabel);
    }

    private static double ratio(int part, int whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "accuracy %.4f, macro-F1 %.4f (%d texts)", accuracy, macroF1, texts);
    }
}
