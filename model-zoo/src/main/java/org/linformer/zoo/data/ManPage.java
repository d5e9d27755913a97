package org.linformer.zoo.data;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A manual page as mandoc writes it for a terminal: headings at the margin, text indented. */
final class ManPage {

    private static final int MIN_QUERY_WORDS = 3;
    private static final int MIN_DOCUMENT_WORDS = 60;

    /** Bold is a letter struck twice, and underlined one that is struck over a line. */
    private static final Pattern OVERSTRIKE = Pattern.compile(".\b");

    private static final Pattern DESCRIPTION = Pattern.compile("(?s).*?\\s[-\u2010-\u2015]+\\s+(\\S.*)");

    /** Sections that say who made the page and where else to look. */
    private static final Pattern ABOUT_THE_PAGE = Pattern.compile("""
            (?ix) name | keywords | see \\s also | history | colophon | reporting \\s bugs
            | .* \\b (?: authors? | copyrights? | copying | licen[cs]es? | contributors? | maintainers?
                | acknowledge?ments? ) \\b .*
            """);

    private ManPage() {}

    /** What NAME says after the dash, and the page without it; nothing if one of them is too short. */
    static Optional<Pair> pair(String id, String rendered) {
        List<String> lines = OVERSTRIKE.matcher(rendered).replaceAll("").lines().toList();
        StringBuilder name = new StringBuilder();
        StringBuilder document = new StringBuilder();
        String heading = "";
        // the first line is the title, the last one the footer
        for (String line :
                lines.stream().skip(1).limit(Math.max(0, lines.size() - 2)).toList()) {
            boolean isHeading = !line.isEmpty() && line.charAt(0) != ' ';
            heading = isHeading ? line.strip() : heading;
            if (heading.equalsIgnoreCase("name")) {
                name.append(isHeading ? "" : line).append(' ');
            } else if (!ABOUT_THE_PAGE.matcher(heading).matches()) {
                document.append(line).append('\n');
            }
        }
        Matcher description = DESCRIPTION.matcher(PlainText.squeeze(name.toString()));
        if (!description.matches()) {
            return Optional.empty();
        }
        Pair pair = new Pair(id, description.group(1), PlainText.squeeze(document.toString()));
        return Optional.of(pair).filter(any -> any.isUsable(MIN_QUERY_WORDS, MIN_DOCUMENT_WORDS));
    }
}
