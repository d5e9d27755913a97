package org.linformer.zoo.data;

import java.util.regex.Pattern;

/**
 * Removes from a mail what tells where it was collected and not what it says: SpamAssassin's ham comes from a few
 * mailing lists of one year, and a classifier would learn these.
 */
final class MailCleaner {

    private static final Pattern SUBJECT_MARKS =
            Pattern.compile("(?i)^(?:\\s*(?:\\[[^]]*]|(?:re|fwd?)(?:\\[\\d+])?:))+");

    private static final Pattern FOOTER = Pattern.compile("""
            (?mix) ^ (?:
              _{20,}                                               # how Mailman begins the footer of a list
              | -{20,} .* \\n+ .* (?: sponsor | \\blists?\\b | subscri )
              | -- $                                               # how a signature begins
            ) [\\s\\S]*
            """);

    private static final Pattern YAHOO_SPONSOR =
            Pattern.compile("(?mi)^-+ Yahoo! Groups Sponsor -[\\s\\S]*?(?:\\n-{20,}.*$|\\z)");

    private static final Pattern QUOTE = Pattern.compile("""
            (?mx) ^ (?:
              [>|] .*
              | On \\b .* (?: \\n .* )? \\b wrote:
              | .* \\b (?: wrote | said ):
            ) $
            """);

    /** Lines of the news feeds among the ham. */
    private static final Pattern FEED_LINE = Pattern.compile("(?m)^(?:URL|Date):.*$");

    private static final Pattern URL = Pattern.compile("(?i)\\b(?:(?:https?|ftp)://|www\\.)[^\\s<>\"]+");

    private static final Pattern ADDRESS = Pattern.compile("[\\w.+%=-]+@[\\w-]+(?:\\.[\\w-]+)*");

    private static final Pattern HOST = Pattern.compile("""
            (?ix) \\b (?: [a-z\\d] [a-z\\d-]* \\. )+ (?:
              com | net | org | edu | gov | mil | int | info | biz
              | ar | at | au | be | br | ca | ch | cl | cn | cz | de | dk | es | fi | fr | gr | hk | hu | ie | il | jp | kr
              | mx | my | nl | nz | pl | pt | ro | ru | se | sg | tr | tv | tw | uk | us | za
            ) \\b
            """);

    private static final Pattern YEAR = Pattern.compile("\\b(?:19|20)\\d\\d\\b");

    /** Lists, machines and people of the collection. */
    private static final Pattern COLLECTION = Pattern.compile("""
            (?ix) \\b (?:
              zzzz\\w* | yyyy\\w* | jm | spamassassin | taint | fork | ilug | razor | exmh | rpm-list | freshrpms
              | deathtospam\\w* | sightings | mailing \\s list
            ) \\b
            """);

    private MailCleaner() {}

    static String clean(Mail mail) {
        String subject = SUBJECT_MARKS.matcher(mail.subject()).replaceFirst("");
        String body = remove(FOOTER, mail.body());
        body = remove(YAHOO_SPONSOR, body);
        body = remove(QUOTE, body);
        body = remove(FEED_LINE, body);
        String text = subject + "\n\n" + body;
        text = URL.matcher(text).replaceAll("URL");
        text = ADDRESS.matcher(text).replaceAll("ADDR");
        text = HOST.matcher(text).replaceAll("HOST");
        text = YEAR.matcher(text).replaceAll("YEAR");
        return PlainText.squeeze(remove(COLLECTION, text));
    }

    private static String remove(Pattern pattern, String text) {
        return pattern.matcher(text).replaceAll("");
    }
}
