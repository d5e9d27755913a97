package org.linformer.serving.model;

import java.util.List;

/** A text of a request: as characters, or as the tokens of the model that is asked. */
public sealed interface Input {

    /**
     * Characters.
     *
     * @param characters the text
     */
    record Text(String characters) implements Input {}

    /**
     * Tokens.
     *
     * @param ids their ids, with or without the special tokens around them
     */
    record Tokens(List<Integer> ids) implements Input {}

    /**
     * Returns what the text weighs before it is tokenized.
     *
     * @return characters, or tokens
     */
    default int length() {
        return this instanceof Text text
                ? text.characters().length()
                : ((Tokens) this).ids().size();
    }
}
