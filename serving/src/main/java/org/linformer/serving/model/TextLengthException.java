package org.linformer.serving.model;

/** A text of a request is longer than the model reads, and may not be cut. */
public final class TextLengthException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int index;
    private final int tokens;
    private final int maxTokens;

    TextLengthException(int index, int tokens, int maxTokens) {
        super(
                "the text at index %d must be at most %d tokens, but is %d. Shorten it, or let it be cut or split: see truncate"
                        .formatted(index, maxTokens, tokens));
        this.index = index;
        this.tokens = tokens;
        this.maxTokens = maxTokens;
    }

    /**
     * Returns which text it is.
     *
     * @return its place in the request, from 0
     */
    public int index() {
        return index;
    }

    /**
     * Returns its length.
     *
     * @return tokens, special tokens counted
     */
    public int tokens() {
        return tokens;
    }

    /**
     * Returns the limit.
     *
     * @return tokens
     */
    public int maxTokens() {
        return maxTokens;
    }
}
