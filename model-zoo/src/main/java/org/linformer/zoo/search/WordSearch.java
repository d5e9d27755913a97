package org.linformer.zoo.search;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.similarities.Similarity;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.QueryBuilder;

/** Search by words, with Lucene: the rival of vectors. Words are as they are written, in lower case, without stop words. */
final class WordSearch {

    private static final String TEXT = "text";

    /** What came out. */
    record Result(List<Integer> ranks, double documentsPerSecond) {}

    private WordSearch() {}

    /**
     * Searches.
     *
     * @param documents the documents
     * @param queries a query for each document, blank for none
     * @param similarity how documents are scored
     * @return the rank of the document of each query that is not blank; the last one if it shares no word with it
     */
    static Result search(List<String> documents, List<String> queries, Similarity similarity) throws IOException {
        try (Analyzer analyzer = new StandardAnalyzer(EnglishAnalyzer.ENGLISH_STOP_WORDS_SET);
                ByteBuffersDirectory directory = new ByteBuffersDirectory()) {
            long start = System.nanoTime();
            // segments are merged in their order, so that a document's number is its place in the list
            IndexWriterConfig config =
                    new IndexWriterConfig(analyzer).setSimilarity(similarity).setMergePolicy(new LogDocMergePolicy());
            try (IndexWriter writer = new IndexWriter(directory, config)) {
                for (String text : documents) {
                    Document document = new Document();
                    document.add(new TextField(TEXT, text, Field.Store.NO));
                    writer.addDocument(document);
                }
                writer.forceMerge(1);
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            List<Integer> ranks = new ArrayList<>();
            try (DirectoryReader reader = DirectoryReader.open(directory)) {
                IndexSearcher searcher = new IndexSearcher(reader);
                searcher.setSimilarity(similarity);
                IndexSearcher.setMaxClauseCount(Integer.MAX_VALUE);
                QueryBuilder builder = new QueryBuilder(analyzer);
                for (int own = 0; own < queries.size(); own++) {
                    if (!queries.get(own).isBlank()) {
                        org.apache.lucene.search.Query query = builder.createBooleanQuery(TEXT, queries.get(own));
                        ranks.add(rank(
                                searcher,
                                query == null ? new BooleanQuery.Builder().build() : query,
                                own,
                                documents.size()));
                    }
                }
            }
            return new Result(ranks, documents.size() / seconds);
        }
    }

    private static int rank(IndexSearcher searcher, org.apache.lucene.search.Query query, int own, int documents)
            throws IOException {
        ScoreDoc[] found = searcher.search(query, documents).scoreDocs;
        for (ScoreDoc hit : found) {
            if (hit.doc == own) {
                // behind all that score as well, as in VectorSearch
                return (int) Arrays.stream(found)
                        .filter(other -> other.score >= hit.score)
                        .count();
            }
        }
        return documents;
    }
}
