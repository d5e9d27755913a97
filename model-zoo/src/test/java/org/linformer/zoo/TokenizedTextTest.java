package org.linformer.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TokenizedTextTest {

    private static final long OPEN = 101;
    private static final long CLOSE = 102;

    private static TokenizedText text(int inner) {
        long[] ids = LongStream.concat(
                        LongStream.concat(LongStream.of(OPEN), LongStream.range(0, inner)), LongStream.of(CLOSE))
                .toArray();
        return new TokenizedText(ids, ids.length);
    }

    @Test
    void cutsWhereItMay() {
        TokenizedText text = text(10);

        assertThat(text.cut(5, Truncation.END).ids()).containsExactly(OPEN, 0, 1, 2, CLOSE);
        assertThat(text.cut(5, Truncation.START).ids()).containsExactly(OPEN, 7, 8, 9, CLOSE);
        assertThat(text.cut(5, Truncation.START).total()).isEqualTo(12);
        assertThat(text.cut(12, Truncation.NONE)).isSameAs(text);
        assertThatExceptionOfType(TextTooLongException.class).isThrownBy(() -> text.cut(11, Truncation.NONE));
    }

    @Test
    void splitsIntoFewPartsOfAboutOneLengthThatHoldEveryTokenOnce() {
        List<TokenizedText> windows = text(10).windows(6);

        assertThat(windows).hasSize(3);
        assertThat(windows).allSatisfy(window -> {
            assertThat(window.ids()).startsWith(OPEN).endsWith(CLOSE);
            assertThat(window.read()).isBetween(5, 6);
            assertThat(window.total()).isEqualTo(12);
        });
        assertThat(windows.stream()
                        .flatMapToLong(window -> LongStream.of(window.ids()))
                        .filter(id -> id < OPEN))
                .containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
    }

    @Test
    void leavesAShortTextWhole() {
        TokenizedText text = text(10);

        assertThat(text.windows(12)).containsExactly(text);
    }
}
