package org.linformer.zoo;

/** A text has more tokens than the model reads, and nobody said that it may be cut. */
public final class TextTooLongException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    private final int tokens;
    private final int maxTokens;

    TextTooLongException(int tokens, int maxTokens) {
        super("text must be at most %d tokens, but is %d. Shorten it, or ask for truncation at the end"
                .formatted(maxTokens, tokens));
        this.tokens = tokens;
        this.maxTokens = maxTokens;
    }

    /**
     * Returns the length of the text.
     *
     * @return its tokens, special tokens counted
     */
    public int tokens() {
        return tokens;
    }

    /**
     * Returns the limit.
     *
     * @return the longest text of the model, in tokens
     */
    public int maxTokens() {
        return maxTokens;
    }
}
