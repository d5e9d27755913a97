package org.linformer.serving.tei;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.linformer.zoo.TextTokenizer;

/**
 * A token.
 *
 * @param id its id
 * @param text the part of the text that it stands for; its own name if it is special
 * @param special whether it stands for no part of the text
 * @param start where that part starts, in bytes of UTF-8; null if it is special
 * @param stop where it ends; null if it is special
 */
record TokenizeResponse(
        long id,
        String text,
        boolean special,
        @Nullable Integer start,
        @Nullable Integer stop) {

    static List<TokenizeResponse> of(String text, List<TextTokenizer.Token> tokens) {
        int[] codePoints = text.codePoints().toArray();
        int[] bytes = new int[codePoints.length + 1];
        for (int i = 0; i < codePoints.length; i++) {
            bytes[i + 1] = bytes[i] + Character.toString(codePoints[i]).getBytes(StandardCharsets.UTF_8).length;
        }
        return tokens.stream()
                .map(token -> token.special()
                        ? new TokenizeResponse(token.id(), token.text(), true, null, null)
                        : new TokenizeResponse(
                                token.id(),
                                new String(codePoints, token.start(), token.end() - token.start()),
                                false,
                                bytes[token.start()],
                                bytes[token.end()]))
                .toList();
    }
}
