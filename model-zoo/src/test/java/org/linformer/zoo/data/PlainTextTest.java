package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import org.jsoup.Jsoup;
import org.junit.jupiter.api.Test;

class PlainTextTest {

    @Test
    void breaksLinesWhereHtmlDoes() {
        String html =
                "<p>Rye\n and <b>wheat</b></p><ul><li>one<li>two</ul><p>a<br>b<script>bake()</script><!-- hot -->";

        assertThat(PlainText.squeeze(PlainText.of(Jsoup.parse(html)))).isEqualTo("Rye and wheat\n\none\ntwo\na\nb");
    }

    @Test
    void leavesNoRunOfSpacesAndNoMoreThanOneEmptyLine() {
        assertThat(PlainText.squeeze("  a\t b \u00a0c \r\n\n\n\n  d\n")).isEqualTo("a b c\n\nd");
    }

    @Test
    void countsWords() {
        assertThat(PlainText.words(" ")).isZero();
        assertThat(PlainText.words(" rye\nand  wheat ")).isEqualTo(3);
    }
}
