package org.linformer.zoo.search;

import java.util.List;
import java.util.stream.IntStream;

/** Search by cosine: vectors of length 1, compared with all. */
public final class VectorSearch {

    private VectorSearch() {}

    /**
     * Searches.
     *
     * @param queries vectors of the queries
     * @param own the vector of each query's document
     * @param documents vectors of all documents, these among them
     * @return the rank of each query's document, from 1
     */
    public static List<Integer> ranks(List<float[]> queries, List<float[]> own, List<float[]> documents) {
        return IntStream.range(0, queries.size())
                .parallel()
                .mapToObj(i -> rank(queries.get(i), own.get(i), documents))
                .toList();
    }

    /**
     * Returns the mean reciprocal rank.
     *
     * @param ranks ranks from 1
     * @return the mean of 1 / rank, 0 if there are none
     */
    public static double meanReciprocalRank(List<Integer> ranks) {
        return ranks.stream().mapToDouble(rank -> 1.0 / rank).average().orElse(0);
    }

    private static int rank(float[] query, float[] own, List<float[]> documents) {
        double cosine = dot(query, own);
        int noWorse = 0;
        for (float[] document : documents) {
            // not >=: nothing is worse than what is no number
            if (document != own && !(dot(query, document) < cosine)) {
                noWorse++;
            }
        }
        return noWorse + 1;
    }

    /**
     * Multiplies vectors.
     *
     * @param a a vector
     * @param b another of the same length
     * @return their scalar product, which is their cosine if both have length 1
     */
    public static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
