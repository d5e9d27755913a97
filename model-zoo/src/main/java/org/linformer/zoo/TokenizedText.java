package org.linformer.zoo;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A text as the model reads it.
 *
 * @param ids its token ids, special tokens and all
 * @param total tokens of the whole text, special tokens counted
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody, and copied nowhere: the ids go straight to the engine
public record TokenizedText(long[] ids, int total) {

    /**
     * Returns how much of the text the model reads.
     *
     * @return the tokens that are read
     */
    public int read() {
        return ids.length;
    }

    /**
     * Returns whether a part of the text was cut off.
     *
     * @return whether fewer tokens are read than there are
     */
    public boolean truncated() {
        return ids.length < total;
    }

    /**
     * Cuts the text at its end, but for the last token, which closes it.
     *
     * @param maxTokens how many tokens may be read
     * @return the text itself if it is short enough
     */
    public TokenizedText cut(int maxTokens) {
        return ids.length <= maxTokens ? this : part(1, maxTokens - 1);
    }

    /**
     * Cuts the text if it is too long.
     *
     * @param maxTokens how many tokens may be read
     * @param truncation where it may be cut
     * @return the text itself if it is short enough
     * @throws TextTooLongException if it is too long and may not be cut
     */
    public TokenizedText cut(int maxTokens, Truncation truncation) {
        if (ids.length <= maxTokens) {
            return this;
        }
        return switch (truncation) {
            case NONE -> throw new TextTooLongException(ids.length, maxTokens);
            case END -> cut(maxTokens);
            case START -> part(ids.length + 1 - maxTokens, ids.length - 1);
        };
    }

    /**
     * Splits the text into as few parts of about equal length as can be read, each opened by its first token and closed
     * by its last.
     *
     * @param maxTokens how many tokens may be read at once
     * @return the text itself if it is short enough
     */
    public List<TokenizedText> windows(int maxTokens) {
        if (ids.length <= maxTokens) {
            return List.of(this);
        }
        int inner = ids.length - 2;
        int count = (inner + maxTokens - 3) / (maxTokens - 2);
        return IntStream.range(0, count)
                .mapToObj(i -> part(1 + (int) ((long) inner * i / count), 1 + (int) ((long) inner * (i + 1) / count)))
                .toList();
    }

    /** From one token to another, between the first and the last of the text. */
    private TokenizedText part(int from, int to) {
        long[] part = new long[to - from + 2];
        part[0] = ids[0];
        System.arraycopy(ids, from, part, 1, to - from);
        part[part.length - 1] = ids[ids.length - 1];
        return new TokenizedText(part, total);
    }

    /**
     * Makes the inputs of a model.
     *
     * @param manager owner of the arrays
     * @param texts the texts
     * @return ids (b, n), and mask (b, n) if the texts differ in length
     */
    public static NDList batch(NDManager manager, List<TokenizedText> texts) {
        int n = texts.stream().mapToInt(TokenizedText::read).max().orElse(0);
        long[] ids = new long[texts.size() * n];
        float[] mask = new float[ids.length];
        boolean padded = false;
        for (int row = 0; row < texts.size(); row++) {
            long[] text = texts.get(row).ids();
            System.arraycopy(text, 0, ids, row * n, text.length);
            Arrays.fill(mask, row * n, row * n + text.length, 1);
            padded |= text.length < n;
        }
        Shape shape = new Shape(texts.size(), n);
        NDList inputs = new NDList(manager.create(ids, shape)); // (b, n)
        if (padded) {
            inputs.add(manager.create(mask, shape)); // (b, n)
        }
        return inputs;
    }

    /** What one more batch costs, in tokens. */
    private static final int BATCH_COST = 256;

    /**
     * Puts texts of about equal length together, so that little of a batch is padding: a fifth, or so little that
     * another batch would cost more.
     *
     * @param texts the texts
     * @param maxTokens tokens in a batch, padding counted; a longer text is a batch of its own
     * @return the batches, each the positions of its texts, the shortest first
     */
    public static List<List<Integer>> byLength(List<TokenizedText> texts, int maxTokens) {
        List<Integer> shortestFirst = IntStream.range(0, texts.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> texts.get(i).read()))
                .toList();
        List<List<Integer>> batches = new ArrayList<>();
        for (int from = 0; from < shortestFirst.size(); ) {
            int to = from;
            long read = 0;
            while (to < shortestFirst.size()) {
                int next = texts.get(shortestFirst.get(to)).read();
                if (to > from && !fits(to - from + 1L, next, read + next, maxTokens)) {
                    break;
                }
                read += next;
                to++;
            }
            batches.add(shortestFirst.subList(from, to));
            from = to;
        }
        return batches;
    }

    private static boolean fits(long texts, int longest, long read, int maxTokens) {
        long padded = texts * longest;
        return padded <= maxTokens && padded - read <= Math.max(BATCH_COST, padded / 5);
    }
}
