package org.linformer.zoo.data;

import java.util.regex.Pattern;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;

/** Text as a reader sees it. */
final class PlainText {

    private static final Pattern SPACES = Pattern.compile("[\\h\\x00-\\x09\\x0B-\\x1F\\x7F\uFFFD]+");

    private PlainText() {}

    /** The text of HTML, without scripts, styles and comments, which jsoup does not hold as text. */
    static String of(Node html) {
        StringBuilder text = new StringBuilder();
        html.traverse((node, depth) -> {
            if (node instanceof TextNode textNode) {
                text.append(textNode.getWholeText().replaceAll("\\s+", " "));
            } else if (node instanceof Element element && (element.isBlock() || element.nameIs("br"))) {
                text.append('\n');
            }
        });
        return text.toString();
    }

    /** Leaves no run of spaces, and no more than one empty line. */
    static String squeeze(String text) {
        return SPACES.matcher(text)
                .replaceAll(" ")
                .replaceAll(" ?\\R ?", "\n")
                .replaceAll("\n{3,}", "\n\n")
                .strip();
    }

    static int words(String text) {
        return text.isBlank() ? 0 : text.strip().split("\\s+").length;
    }
}
