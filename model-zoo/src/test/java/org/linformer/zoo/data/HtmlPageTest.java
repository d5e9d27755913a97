package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.jsoup.Jsoup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HtmlPageTest {

    /** 160 words. */
    private static final String LONG =
            "The dough rests in a warm place until it has doubled. ".repeat(14).strip() + " Then it is baked at once.";

    private static Optional<Pair> pair(String title, String body) {
        return HtmlPage.pair("html/bakery/rye.html", Jsoup.parse("""
                <!DOCTYPE html>
                <html><head><title>%s</title><style>p { color: brown }</style></head>
                <body>%s<script>bake()</script></body></html>
                """.formatted(title, body)));
    }

    @Test
    void asksForTheHeadingAndFindsWhatStandsBelowIt() {
        assertThat(pair(
                        "Baking rye bread",
                        "<h1>Baking rye bread</h1><p>%s</p><h2>Oven</h2><p>Hot.</p>".formatted(LONG)))
                .contains(new Pair("html/bakery/rye.html", "Baking rye bread", LONG + "\nOven\nHot."));
    }

    @Test
    void takesTheHeadingThatTheTitleRepeatsAndNotTheNameOfTheSite() {
        String page = "<h1>The bakers' manual</h1><h2>Baking rye bread</h2><p>%s</p>".formatted(LONG);

        assertThat(pair("Baking rye bread - 2nd edition", page))
                .map(Pair::query)
                .contains("Baking rye bread");
        assertThat(pair("Something else", page)).map(Pair::query).contains("The bakers' manual");
    }

    @Test
    void readsEntitiesAndSpacesAsABrowserShowsThem() {
        assertThat(pair(
                        "R&amp;D",
                        "<h1>Salt &amp;\n  water &lt;5%</h1><p>caf&eacute;&nbsp;&#8211; a\n  b<br>c</p><p>" + LONG
                                + "</p>"))
                .contains(new Pair("html/bakery/rye.html", "Salt & water <5%", "caf\u00E9 \u2013 a b\nc\n" + LONG));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<nav>Home</nav>",
                "<header>Bakery</header>",
                "<footer>Printed on paper</footer>",
                "<div class='related'>next, previous</div>",
                "<div class='sphinxsidebar'>Quick search</div>",
                "<div class='navheader'><a href='x.html'>Prev</a></div>",
                "<div role='navigation'>Home</div>",
                "<form><button>Search</button></form>",
                "<div class='toc'><ul><li>Oven</li></ul></div>"
            })
    void leavesOutWhatIsAroundTheText(String around) {
        assertThat(pair("", around + "<h1>Baking rye bread</h1><p>" + LONG + "</p>" + around))
                .contains(new Pair("html/bakery/rye.html", "Baking rye bread", LONG));
    }

    @Test
    void readsOnlyTheMainPartOfAPageThatMarksIt() {
        assertThat(pair("", "<p>Shop</p><main><h1>Baking rye bread</h1><p>" + LONG + "</p></main><p>Imprint</p>"))
                .contains(new Pair("html/bakery/rye.html", "Baking rye bread", LONG));
    }

    @ParameterizedTest
    @CsvSource({
        "Chapter 3. Baking bread, Baking bread",
        "3.1.2 Baking bread, Baking bread",
        "Appendix B: Baking bread, Baking bread",
        "A.2 Baking bread, Baking bread",
        "2 ways of baking, ways of baking",
        "Part IV. Baking bread, Baking bread",
        "A baking bread, A baking bread",
        "Part of the dough, Part of the dough",
        "3D bread, 3D bread"
    })
    void leavesOutTheNumberOfAChapter(String heading, String query) {
        assertThat(pair(heading, "<h1>%s</h1><p>%s</p>".formatted(heading, LONG)))
                .map(Pair::query)
                .contains(query);
    }

    @Test
    void isNoPairIfThePageSaysTooLittle() {
        assertThat(pair("", "<h1>Baking rye bread</h1><p>Bake it.</p>")).isEmpty();
        assertThat(pair("", "<h1>Bread</h1><p>" + LONG + "</p>")).isEmpty();
        assertThat(pair("Baking rye bread", "<p>" + LONG + "</p>")).isEmpty();
        assertThat(pair("", "")).isEmpty();
    }

    @Test
    void isNoPairIfMostOfItIsLinks() {
        assertThat(pair("", "<h1>Baking rye bread</h1><p><a href='x.html'>" + LONG + "</a></p>"))
                .isEmpty();
        assertThat(pair("", "<h1>Baking rye bread</h1><p><a name='x'>" + LONG + "</a></p>"))
                .isPresent();
    }

    @Test
    void isNoPairIfItIsAManualPage() {
        assertThat(pair("", "<div class='refentry'><h1>Baking rye bread</h1><p>" + LONG + "</p></div>"))
                .isEmpty();
    }
}
