package org.linformer.zoo.data;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A short text and the long one that it belongs to, for search: one line of a file of JSON lines.
 *
 * @param id where the document stands in its data set
 * @param query what somebody would look for
 * @param document what they should find, without the query itself
 */
public record Pair(String id, String query, String document) {

    private static final int MAX_QUERY_WORDS = 25;

    /**
     * Reads a file of JSON lines.
     *
     * @param file the file
     * @return its pairs, in the order of the lines
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if a line is no pair; the message names file, line and reason
     */
    public static List<Pair> read(Path file) throws IOException {
        return JsonLines.read(file, Pair.class);
    }

    /** Whether both say something, and somebody would ask the query. */
    boolean isUsable(int minQueryWords, int minDocumentWords) {
        int queryWords = PlainText.words(query);
        return queryWords >= minQueryWords
                && queryWords <= MAX_QUERY_WORDS
                && PlainText.words(document) >= minDocumentWords;
    }

    /**
     * Writes {@code pairs-train.jsonl} and so on, without documents that are near duplicates, and in each file without
     * pairs whose query another one has: the search for it would have two answers.
     */
    static void write(Path folder, List<Pair> pairs, Function<String, Split> split, PrintStream progress)
            throws IOException {
        List<Pair> different = NearDuplicates.removeFrom(
                pairs.stream()
                        .sorted(Comparator.comparing(Pair::id, Split.HELD_OUT_FIRST))
                        .toList(),
                Pair::document);
        progress.printf("%,d pairs, %,d without near duplicates%n", pairs.size(), different.size());
        Map<Split, Map<String, Pair>> splits = new TreeMap<>();
        for (Pair pair : different) {
            splits.computeIfAbsent(split.apply(pair.id()), any -> new LinkedHashMap<>())
                    .putIfAbsent(pair.query().toLowerCase(Locale.ROOT), pair);
        }
        for (Map.Entry<Split, Map<String, Pair>> entry : splits.entrySet()) {
            List<Pair> distinct = List.copyOf(entry.getValue().values());
            JsonLines.write(folder.resolve("pairs-%s.jsonl".formatted(entry.getKey())), distinct);
            progress.printf("%s: %,d pairs with different queries%n", entry.getKey(), distinct.size());
        }
    }
}
