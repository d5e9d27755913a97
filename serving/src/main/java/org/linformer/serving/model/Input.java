package org.linformer.serving.model;

import java.util.List;

/** A text of a request: as characters, a pair of them, or as the tokens of the model that is asked. */
public sealed interface Input {

    /**
     * Characters.
     *
     * @param characters the text
     */
    record Text(String characters) implements Input {}

    /**
     * Two texts that are read as one, with what the tokenizer puts between them.
     *
     * @param first the first
     * @param second the second
     */
    record Pair(String first, String second) implements Input {}

    /**
     * Tokens.
     *
     * @param ids their ids, the special tokens around them too
     */
    record Tokens(List<Integer> ids) implements Input {}

    /**
     * Returns what the text weighs before it is tokenized.
     *
     * @return characters, or tokens
     */
    default int length() {
        if (this instanceof Text text) {
            return text.characters().length();
        }
        return this instanceof Pair pair
                ? pair.first().length() + pair.second().length()
                : ((Tokens) this).ids().size();
    }

    /**
     * Returns whether there is nothing to read.
     *
     * @return whether it, or one of a pair, is white space alone
     */
    default boolean isBlank() {
        if (this instanceof Text text) {
            return text.characters().isBlank();
        }
        return this instanceof Pair pair
                ? pair.first().isBlank() || pair.second().isBlank()
                : ((Tokens) this).ids().isEmpty();
    }
}
