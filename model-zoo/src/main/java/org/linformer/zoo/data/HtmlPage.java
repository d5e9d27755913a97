package org.linformer.zoo.data;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;

/** A page of documentation in HTML: a heading, and what stands below it. */
final class HtmlPage {

    private static final int MIN_QUERY_WORDS = 2;
    private static final int MIN_DOCUMENT_WORDS = 150;

    /** A page with more of its letters in links is a table of contents or an index. */
    private static final double MAX_LINKED = 0.5;

    /** Manual pages are a data set of their own. */
    private static final String MANUAL_PAGE = ".refentry, .manpage, #NAME";

    private static final String MAIN = "main, [role=main], div.body, #page-content, #apicontent";

    /** Not only HTML's own elements: how Sphinx, DocBook, Texinfo and others mark what is around a text. */
    private static final String AROUND = """
            nav, header, footer, aside, form, button, svg, [role=navigation], [role=search],
            .nav, .footer, .contents, .toc, .toctree-wrapper, .headerlink, .related, .sphinxsidebar, .viewcode-link,
            .navheader, .navfooter, .authorgroup, .copyright, .legalnotice, .releaseinfo, .pubdate, .reportbug,
            div.header > p, table.header, .nav_table, .shortcontents, .copiable-link, #tocframe,
            .docnav, .mark, .next_page, .nosearch, .out-of-band, .page-links, .prev-next-area, .previous_page, .source,
            .src, .toplang, #banner, #footer, #ft, #hd, #header, #quickview""";

    private static final String HEADING = "h1, h2, h3, h4, h5";

    /** What a heading is counted by: Chapter 7, Appendix B, 3.1. */
    private static final Pattern NUMBER = Pattern.compile("""
            (?x) ^ (?:
              (?i: chapter | appendix | section | part ) \\s (?: \\d+ | [A-Z] | [IVX]+ )
              | (?: [A-Z]\\. )? \\d+ (?: \\.\\d+ )*
            )
            (?: [.:\u2013-] | \\s )+ (?= \\S )
            """);

    private HtmlPage() {}

    /**
     * The heading, and the text without it; nothing if one of them is too short or most of it is links. The heading is
     * the first one that the page's title repeats, or the first one: some sites put their own name above all pages.
     */
    static Optional<Pair> pair(String id, Document page) {
        Element main = page.selectFirst(MAIN);
        main = main == null ? page.body() : main;
        if (main.selectFirst(MANUAL_PAGE) != null) {
            return Optional.empty();
        }
        main.select(AROUND).remove();
        List<Element> headings =
                main.select(HEADING).stream().filter(Element::hasText).toList();
        if (headings.isEmpty()) {
            return Optional.empty();
        }
        String title = page.title();
        Element heading = headings.stream()
                .filter(candidate -> title.contains(unnumbered(candidate)))
                .findFirst()
                .orElse(headings.get(0));
        String query = unnumbered(heading);
        heading.remove();
        String document = PlainText.squeeze(PlainText.of(main));
        int linked = main.select("a[href]").text().length();
        return Optional.of(new Pair(id, query, document))
                .filter(pair -> linked <= MAX_LINKED * document.length())
                .filter(pair -> pair.isUsable(MIN_QUERY_WORDS, MIN_DOCUMENT_WORDS));
    }

    private static String unnumbered(Element heading) {
        return NUMBER.matcher(PlainText.squeeze(heading.text())).replaceFirst("");
    }
}
