package org.linformer.zoo.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * The loss of taking another text for one's own, of van den Oord et al. 2018, https://arxiv.org/abs/1807.03748,
 * equation 4, with the cosine over a temperature as the score. Three of them: a document looks for its query among all
 * queries, for a sentence of its own among the sentences of all documents, and its query looks for it among other
 * documents of earlier steps.
 */
final class ContrastiveLoss {

    private final EmbeddingRecipe recipe;
    private final List<QueriedText> texts;
    private final NDArray queries;
    private final NDArray sentences;
    private final int[] firstSentence;
    private final Deque<Made> earlier = new ArrayDeque<>();

    /** A document's vector as a step made it. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Made(int document, float[] vector) {}

    private double ofQueries;
    private double ofSentences;
    private double ofDocuments;
    private int counted;

    ContrastiveLoss(NDManager manager, EmbeddingRecipe recipe, List<QueriedText> texts) {
        this.recipe = recipe;
        this.texts = texts;
        queries = matrix(manager, texts.stream().map(QueriedText::query).toList()); // (q, d)
        sentences = matrix(
                manager,
                texts.stream().flatMap(text -> text.sentences().stream()).toList()); // (s, d)
        firstSentence = new int[texts.size() + 1];
        for (int i = 0; i < texts.size(); i++) {
            firstSentence[i + 1] = firstSentence[i] + texts.get(i).sentences().size();
        }
    }

    /**
     * Sums up the loss of some documents.
     *
     * @param scope owner of the result
     * @param vectors their vectors (b, d)
     * @param documents which they are
     * @param random draws the sentences
     * @return (), the sum over the documents
     */
    NDArray of(NDManager scope, NDArray vectors, List<Integer> documents, Random random) {
        NDArray query = found(
                scope, vectors, queries, documents.stream().mapToLong(i -> i).toArray());
        NDArray sentence = found(
                scope,
                vectors,
                sentences,
                documents.stream().mapToLong(i -> drawn(i, random)).toArray());
        NDArray asked =
                matrix(scope, documents.stream().map(i -> texts.get(i).query()).toList()); // (b, d)
        List<float[]> others = earlier.stream()
                .filter(made -> !documents.contains(made.document()))
                .map(Made::vector)
                .toList();
        NDArray all = others.isEmpty() ? vectors : vectors.concat(matrix(scope, others), 0); // (b + e, d)
        NDArray document =
                found(scope, asked, all, LongStream.range(0, documents.size()).toArray());
        ofQueries += query.getFloat();
        ofSentences += sentence.getFloat();
        ofDocuments += document.getFloat();
        counted += documents.size();
        return query.add(sentence.mul(scope.full(new Shape(), recipe.sentenceWeight())))
                .add(document.mul(scope.full(new Shape(), recipe.documentWeight())));
    }

    /** Puts the vectors of a step's documents among those that later queries look through. */
    void remember(List<Integer> documents, List<float[]> vectors) {
        for (int i = 0; i < documents.size(); i++) {
            earlier.add(new Made(documents.get(i), vectors.get(i)));
        }
        while (earlier.size() > recipe.otherDocuments()) {
            earlier.removeFirst();
        }
    }

    /** The three means since it was last asked. */
    String tell() {
        String means = "loss of queries %.4f, sentences %.4f, documents %.4f"
                .formatted(ofQueries / counted, ofSentences / counted, ofDocuments / counted);
        ofQueries = 0;
        ofSentences = 0;
        ofDocuments = 0;
        counted = 0;
        return means;
    }

    private long drawn(int document, Random random) {
        long first = firstSentence[document];
        return first + random.nextInt(firstSentence[document + 1] - firstSentence[document]);
    }

    /** Asked (b, d) look for the rows (r, d) that are their own: (), the sum of their losses. */
    private NDArray found(NDManager scope, NDArray asked, NDArray rows, long[] own) {
        NDArray cosines = asked.matMul(rows.get(scope, new NDIndex("...")).transpose()); // (b, r)
        NDArray wanted = scope.create(own).oneHot((int) rows.getShape().get(0)); // (b, r)
        NDArray temperature = scope.full(new Shape(), recipe.temperature()); // ()
        return cosines.div(temperature).logSoftmax(1).mul(wanted).sum().neg(); // ()
    }

    private static NDArray matrix(NDManager manager, List<float[]> rows) {
        int width = rows.get(0).length;
        float[] values = new float[rows.size() * width];
        int at = 0;
        for (float[] row : rows) {
            System.arraycopy(row, 0, values, at, width);
            at += width;
        }
        return manager.create(values, new Shape(rows.size(), width));
    }
}
