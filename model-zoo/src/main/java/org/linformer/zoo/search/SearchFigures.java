package org.linformer.zoo.search;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * How well one way to search found the documents of queries.
 *
 * @param method how it was searched
 * @param all the scores of all queries
 * @param byTokens the scores of the queries whose document has so many tokens, from short to long
 * @param documentsPerSecond documents that were embedded or indexed in a second
 */
public record SearchFigures(String method, Scores all, Map<String, Scores> byTokens, double documentsPerSecond) {

    private static final int[] BANDS = {256, 512, 1024, 2048, 4096};

    public SearchFigures {
        byTokens = Collections.unmodifiableMap(new LinkedHashMap<>(byTokens));
    }

    /**
     * How well some queries found their documents.
     *
     * @param queries number of queries
     * @param recallAt1 share of the queries whose document came first
     * @param recallAt10 share of the queries whose document was among the first ten
     * @param mrr mean reciprocal rank of the documents
     */
    public record Scores(int queries, double recallAt1, double recallAt10, double mrr) {

        static Scores of(List<Integer> ranks) {
            return new Scores(ranks.size(), share(ranks, 1), share(ranks, 10), VectorSearch.meanReciprocalRank(ranks));
        }

        private static double share(List<Integer> ranks, int upTo) {
            return ranks.stream().filter(rank -> rank <= upTo).count() / (double) ranks.size();
        }
    }

    /**
     * Sums up.
     *
     * @param method how it was searched
     * @param ranks the rank of each query's document, from 1
     * @param tokens its length in tokens
     * @param documentsPerSecond documents that were embedded or indexed in a second
     * @return the figures
     */
    static SearchFigures of(String method, List<Integer> ranks, List<Integer> tokens, double documentsPerSecond) {
        Map<String, Scores> byTokens = new LinkedHashMap<>();
        for (int band = 0; band <= BANDS.length; band++) {
            int over = band == 0 ? 0 : BANDS[band - 1];
            int upTo = band == BANDS.length ? Integer.MAX_VALUE : BANDS[band];
            String name = band == 0 ? "<= " + upTo : band == BANDS.length ? "> " + over : (over + 1) + "-" + upTo;
            List<Integer> inBand = IntStream.range(0, ranks.size())
                    .filter(i -> tokens.get(i) > over && tokens.get(i) <= upTo)
                    .mapToObj(ranks::get)
                    .toList();
            if (!inBand.isEmpty()) {
                byTokens.put(name, Scores.of(inBand));
            }
        }
        return new SearchFigures(method, Scores.of(ranks), byTokens, documentsPerSecond);
    }
}
