package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NearDuplicatesTest {

    private static List<String> removeFrom(String... texts) {
        return NearDuplicates.removeFrom(List.of(texts), Function.identity());
    }

    private static String words(int start, int end) {
        return IntStream.range(start, end).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
    }

    @Test
    void keepsTheFirstOfTextsThatDifferInCaseAndPunctuation() {
        assertThat(removeFrom("Rye wants time.", "Wheat does not", "rye, wants TIME", "RYE wantstime"))
                .containsExactly("Rye wants time.", "Wheat does not");
    }

    @Test
    void removesATextExactlyAtTheLimitAndKeepsOneBelow() {
        // 10 shingles; 8 shared with 8 of its own words, 7 with 7
        String text = words(0, 14);
        String atTheLimit = words(0, 12);
        String below = words(0, 11);

        assertThat(removeFrom(text, atTheLimit)).containsExactly(text);
        assertThat(removeFrom(text, below)).containsExactly(text, below);
    }

    @Test
    void joinsAChainOfSimilarTexts() {
        String first = words(0, 104);
        String middle = words(10, 114);
        String last = words(20, 124);

        assertThat(removeFrom(first, last)).containsExactly(first, last);
        assertThat(removeFrom(first, last, middle)).containsExactly(first);
    }

    @Test
    void comparesTextsWithoutAWordAsTheyAre() {
        assertThat(removeFrom(":)", ":(", "rye", ":)\n")).containsExactly(":)", ":(", "rye");
    }

    @Test
    void tellsTextsApartByTheirVowelSigns() {
        assertThat(removeFrom("\u0926\u093f\u0928", "\u0926\u093e\u0928")).hasSize(2); // day, gift
    }

    @Test
    void findsWhatComparingAllPairsFinds() {
        Random random = new Random(42);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int start = random.nextInt(60);
            texts.add(words(start, start + 1 + random.nextInt(30)));
        }
        // a chain of intervals that is joined at its smallest member, whatever the order of the joins
        int[] cluster = IntStream.range(0, texts.size()).toArray();
        for (boolean changed = true; changed; ) {
            changed = false;
            for (int i = 0; i < cluster.length; i++) {
                for (int j = 0; j < i; j++) {
                    if (cluster[i] != cluster[j] && jaccard(texts.get(i), texts.get(j)) >= 0.8 - 1e-9) {
                        cluster[i] = Math.min(cluster[i], cluster[j]);
                        cluster[j] = cluster[i];
                        changed = true;
                    }
                }
            }
        }

        List<Integer> kept = NearDuplicates.removeFrom(
                IntStream.range(0, texts.size()).boxed().toList(), texts::get);

        assertThat(kept)
                .isEqualTo(IntStream.range(0, cluster.length)
                        .filter(i -> cluster[i] == i)
                        .boxed()
                        .toList());
    }

    private static double jaccard(String a, String b) {
        Set<List<String>> shared = shingles(a);
        Set<List<String>> all = new HashSet<>(shared);
        all.addAll(shingles(b));
        shared.retainAll(shingles(b));
        return (double) shared.size() / all.size();
    }

    private static Set<List<String>> shingles(String text) {
        List<String> words = List.of(text.split(" "));
        return IntStream.rangeClosed(0, Math.max(0, words.size() - 5))
                .mapToObj(start -> words.subList(start, Math.min(start + 5, words.size())))
                .collect(Collectors.toCollection(HashSet::new));
    }
}
