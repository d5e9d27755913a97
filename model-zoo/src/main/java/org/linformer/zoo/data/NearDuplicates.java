package org.linformer.zoo.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Finds texts that say the same: their letters and digits are equal but for case (or, where there are none, all they
 * have), or the Jaccard similarity of their sets of five successive words is at least 0.8. The search is exact, and
 * gives the same answer each time.
 *
 * <p>Two sets as similar as that share at least 80 % of the larger one, so the first fifths of both, in any order that
 * is the same for all sets, share a member: only texts that do are compared (Chaudhuri, Ganti and Kaushik 2006, "A
 * Primitive Operator for Similarity Joins in Data Cleaning", prefix filter).
 */
final class NearDuplicates {

    private static final int SHINGLE_WORDS = 5;
    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^\\p{L}\\p{M}\\p{N}]+");

    /** For each text an earlier one of its cluster; the first of a cluster stands for itself. */
    private final int[] earlier;

    private NearDuplicates(List<String[]> texts) {
        earlier = IntStream.range(0, texts.size()).toArray();
        joinEqual(texts);
        joinSimilar(texts.stream().map(NearDuplicates::shingles).toList());
    }

    /**
     * Keeps the first of each cluster; two texts are in one cluster if a chain of similar texts joins them.
     *
     * @param <T> what has a text
     * @param items the items, the most wanted first
     * @param text what an item says
     * @return the items that stay, in their order
     */
    static <T> List<T> removeFrom(List<T> items, Function<T, String> text) {
        NearDuplicates clusters = new NearDuplicates(
                items.stream().map(text.andThen(NearDuplicates::words)).toList());
        return IntStream.range(0, items.size())
                .filter(i -> clusters.first(i) == i)
                .mapToObj(items::get)
                .toList();
    }

    private static String[] words(String text) {
        String words = BETWEEN_WORDS
                .matcher(text.toLowerCase(Locale.ROOT))
                .replaceAll(" ")
                .strip();
        return words.isEmpty() ? new String[] {text.strip()} : words.split(" ");
    }

    /** Hashes of five successive words each, sorted; a shorter text is one shingle. */
    private static long[] shingles(String[] words) {
        return IntStream.rangeClosed(0, Math.max(0, words.length - SHINGLE_WORDS))
                .mapToLong(start -> hash(words, start, Math.min(start + SHINGLE_WORDS, words.length)))
                .sorted()
                .distinct()
                .toArray();
    }

    private static long hash(String[] words, int start, int end) {
        long hash = 0;
        for (int i = start; i < end; i++) {
            // the odd constant of 64-bit Fibonacci hashing spreads the words' 32 bits over 64
            hash = (hash + words[i].hashCode()) * 0x9E3779B97F4A7C15L;
        }
        return hash;
    }

    private void joinEqual(List<String[]> texts) {
        Map<String, Integer> seen = new HashMap<>();
        for (int i = 0; i < texts.size(); i++) {
            Integer equal = seen.putIfAbsent(String.join("", texts.get(i)), i);
            if (equal != null) {
                join(equal, i);
            }
        }
    }

    private void joinSimilar(List<long[]> texts) {
        Map<Long, List<Integer>> seen = new HashMap<>();
        int[] comparedWith = new int[texts.size()];
        Arrays.fill(comparedWith, -1);
        for (int i = 0; i < texts.size(); i++) {
            long[] shingles = texts.get(i);
            int prefix = shingles.length - (4 * shingles.length + 4) / 5 + 1;
            for (int s = 0; s < prefix; s++) {
                List<Integer> candidates = seen.computeIfAbsent(shingles[s], shingle -> new ArrayList<>());
                for (int candidate : candidates) {
                    if (comparedWith[candidate] != i) {
                        comparedWith[candidate] = i;
                        if (similar(texts.get(candidate), shingles)) {
                            join(candidate, i);
                        }
                    }
                }
                candidates.add(i);
            }
        }
    }

    private static boolean similar(long[] a, long[] b) {
        int shared = 0;
        for (int i = 0, j = 0; i < a.length && j < b.length; ) {
            if (a[i] == b[j]) {
                shared++;
            }
            int order = Long.compare(a[i], b[j]);
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }
        return 5 * shared >= 4 * (a.length + b.length - shared);
    }

    private void join(int a, int b) {
        int firstOfA = first(a);
        int firstOfB = first(b);
        earlier[Math.max(firstOfA, firstOfB)] = Math.min(firstOfA, firstOfB);
    }

    private int first(int text) {
        while (earlier[text] != text) {
            earlier[text] = earlier[earlier[text]];
            text = earlier[text];
        }
        return text;
    }
}
