package org.linformer.serving.tei;

import org.jspecify.annotations.Nullable;
import org.linformer.zoo.TextTokenizer;

/**
 * A token.
 *
 * @param id its id
 * @param text itself
 * @param special whether it stands for no part of the text
 * @param start where it starts in the text, in characters; null if it is special
 * @param stop where it ends; null if it is special
 */
record TokenizeResponse(
        long id,
        String text,
        boolean special,
        @Nullable Integer start,
        @Nullable Integer stop) {

    static TokenizeResponse of(TextTokenizer.Token token) {
        return new TokenizeResponse(
                token.id(),
                token.text(),
                token.special(),
                token.special() ? null : token.start(),
                token.special() ? null : token.end());
    }
}
