package org.linformer.zoo.search;

import ai.djl.MalformedModelException;
import ai.djl.repository.zoo.ModelNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.search.similarities.ClassicSimilarity;
import org.linformer.zoo.TextModel;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;
import org.linformer.zoo.data.Pair;

/**
 * Measures an embedding model for long texts against the model that it starts from: cut at 128, 256 and 512 tokens, or
 * read in as few windows of 256 as it takes, whose vectors are averaged, as many tokens as the model reads; and against
 * search by words. All of them search the same documents, all in one run.
 */
public final class SearchEvaluation {

    private static final int WINDOW = 256;
    private static final int[] CUTS = {128, 256, 512};

    private final List<Pair> pairs;
    private final PrintStream progress;
    private final List<SearchFigures> figures = new ArrayList<>();
    private List<Integer> tokens = List.of();

    /**
     * Prepares a measurement.
     *
     * @param pairs queries and documents; one with a blank query is a document that nobody looks for
     * @param progress where each line is told once it is known
     */
    public SearchEvaluation(List<Pair> pairs, PrintStream progress) {
        this.pairs = List.copyOf(pairs);
        this.progress = progress;
    }

    /**
     * Measures.
     *
     * @param model the model: the name of a packaged one, or a folder
     * @param original the model that it starts from
     * @return the figures, one for each way to search
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model, or it does not embed
     * @throws MalformedModelException if its weights are not its own
     */
    public List<SearchFigures> run(String model, String original)
            throws IOException, ModelNotFoundException, MalformedModelException {
        List<String> documents = pairs.stream().map(Pair::document).toList();
        List<String> queries = pairs.stream().map(Pair::query).toList();
        List<TokenizedText> texts;
        int longest;
        try (TextModel<float[]> ours = new TextModel<>(model, float[].class)) {
            longest = ours.config().maxTokens();
            texts = ours.tokenize(documents, Truncation.END);
            tokens = chosen(texts.stream().map(TokenizedText::total).toList());
            warmUp(ours, texts);
            search(ours, format("%s, %,d tokens", ours.config().name(), longest), texts);
        }
        try (TextModel<float[]> theirs = new TextModel<>(original, float[].class)) {
            String name = theirs.config().name();
            warmUp(theirs, texts.stream().map(text -> text.cut(WINDOW)).toList());
            for (int length : CUTS) {
                List<TokenizedText> beginnings =
                        texts.stream().map(text -> text.cut(length)).toList();
                search(theirs, "%s, %d tokens".formatted(name, length), beginnings);
            }
            searchWindows(theirs, format("%s, mean of windows of %d tokens, %,d in all", name, WINDOW, longest), texts);
        }
        searchWords("BM25 (k1 1.2, b 0.75)", WordSearch.search(documents, queries, new BM25Similarity(1.2f, 0.75f)));
        searchWords("TF-IDF", WordSearch.search(documents, queries, new ClassicSimilarity()));
        return List.copyOf(figures);
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static void warmUp(TextModel<float[]> model, List<TokenizedText> texts) {
        model.answer(texts.subList(0, Math.min(16, texts.size())), TextModel.BATCH_TOKENS);
    }

    private void search(TextModel<float[]> model, String method, List<TokenizedText> texts) {
        long start = System.nanoTime();
        List<float[]> documents = model.answer(texts, TextModel.BATCH_TOKENS);
        double seconds = (System.nanoTime() - start) / 1e9;
        tell(method, ranks(model, documents), texts.size() / seconds);
    }

    private void searchWindows(TextModel<float[]> model, String method, List<TokenizedText> texts) {
        long start = System.nanoTime();
        List<TokenizedText> windows = new ArrayList<>();
        int[] first = new int[texts.size() + 1];
        for (int i = 0; i < texts.size(); i++) {
            windows.addAll(texts.get(i).windows(WINDOW));
            first[i + 1] = windows.size();
        }
        List<float[]> vectors = model.answer(windows, TextModel.BATCH_TOKENS);
        List<float[]> documents = IntStream.range(0, texts.size())
                .mapToObj(i -> mean(vectors.subList(first[i], first[i + 1])))
                .toList();
        double seconds = (System.nanoTime() - start) / 1e9;
        tell(method, ranks(model, documents), texts.size() / seconds);
    }

    private void searchWords(String method, WordSearch.Result result) {
        tell(method, result.ranks(), result.documentsPerSecond());
    }

    private void tell(String method, List<Integer> ranks, double documentsPerSecond) {
        SearchFigures line = SearchFigures.of(method, ranks, tokens, documentsPerSecond);
        figures.add(line);
        progress.printf("%s: %s, %.1f documents/s%n", method, scores(line.all()), documentsPerSecond);
        line.byTokens().forEach((band, scores) -> progress.printf("    %s tokens: %s%n", band, scores(scores)));
    }

    private static String scores(SearchFigures.Scores scores) {
        return "recall@1 %.4f, recall@10 %.4f, MRR %.4f of %,d queries"
                .formatted(scores.recallAt1(), scores.recallAt10(), scores.mrr(), scores.queries());
    }

    private List<Integer> ranks(TextModel<float[]> model, List<float[]> documents) {
        List<TokenizedText> asked =
                model.tokenize(chosen(pairs.stream().map(Pair::query).toList()), Truncation.END);
        List<float[]> queries = model.answer(asked, TextModel.BATCH_TOKENS);
        return VectorSearch.ranks(queries, chosen(documents), documents);
    }

    /** The entries of the pairs that somebody looks for. */
    private <T> List<T> chosen(List<T> ofPairs) {
        return IntStream.range(0, pairs.size())
                .filter(i -> !pairs.get(i).query().isBlank())
                .mapToObj(ofPairs::get)
                .toList();
    }

    private static float[] mean(List<float[]> vectors) {
        float[] sum = new float[vectors.get(0).length];
        for (float[] vector : vectors) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += vector[i];
            }
        }
        double norm = Math.sqrt(VectorSearch.dot(sum, sum));
        for (int i = 0; i < sum.length; i++) {
            sum[i] /= (float) norm;
        }
        return sum;
    }
}
