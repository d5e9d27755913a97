package org.linformer.zoo.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * README files of 750 npm packages that many others depend on (of the list of the package {@code npm-high-impact}), as
 * pairs to measure by: what the package says that it is, and its README without that. No packaged model learned from
 * them; each is under its package's licence.
 */
public final class NpmReadmes {

    private static final int MIN_QUERY_WORDS = 4;
    private static final int MIN_DOCUMENT_WORDS = 150;

    /** Packages that are asked for at once. */
    private static final int AT_ONCE = 50;

    private static final Pattern README = Pattern.compile("(?i)[^/]+/readme(\\.md|\\.markdown)?");

    /** Pictures, also as links, the targets of other links, and tags. */
    private static final Pattern UNREADABLE = Pattern.compile("""
            (?mx) \\[? !\\[ [^]]* ] \\( [^)]* \\) (?: ] \\( [^)]* \\) )?
            | (?<=]) \\( [^)]* \\)
            | ^\\[ [^]]+ ]: .* $
            | </?[a-zA-Z!] [^>\\n]* >
            """);

    private NpmReadmes() {}

    /**
     * Gets the packages with npm, those that do not lie in the folder already, and writes {@code pairs-test.jsonl}
     * beside them.
     *
     * @param folder where to
     * @param progress where the counts are printed
     * @throws IOException if npm fails, or a file cannot be read or written
     * @throws InterruptedException if it is interrupted
     */
    public static void prepare(Path folder, PrintStream progress) throws IOException, InterruptedException {
        try (InputStream in = NpmReadmes.class.getResourceAsStream("npm-readmes.txt")) {
            prepare(
                    folder,
                    progress,
                    new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .toList());
        }
    }

    static void prepare(Path folder, PrintStream progress, List<String> packages)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        for (int from = 0; from < packages.size(); from += AT_ONCE) {
            NpmPackage.fetch(folder, packages.subList(from, Math.min(from + AT_ONCE, packages.size())), progress);
        }
        List<Pair> pairs = new ArrayList<>();
        for (String each : packages) {
            pair(folder.resolve(NpmPackage.fileName(each))).ifPresent(pairs::add);
        }
        Pair.write(folder, pairs, any -> Split.TEST, progress);
    }

    /** Nothing if the package does not describe itself, or has little to read. */
    private static Optional<Pair> pair(Path archive) throws IOException {
        Map<String, String> files = new HashMap<>();
        NpmPackage.read(archive, (name, content) -> {
            boolean isReadme = README.matcher(name).matches();
            if (isReadme || name.matches("[^/]+/package\\.json")) {
                files.put(
                        isReadme ? "README" : "package.json",
                        new String(content.readAllBytes(), StandardCharsets.UTF_8));
            }
        });
        String readme = files.getOrDefault("README", "");
        JsonObject about =
                JsonParser.parseString(files.getOrDefault("package.json", "{}")).getAsJsonObject();
        JsonElement description = about.get("description");
        if (description == null) {
            return Optional.empty();
        }
        String query = PlainText.squeeze(description.getAsString());
        return Optional.of(new Pair("npm/" + about.get("name").getAsString(), query, document(readme, query)))
                .filter(pair -> pair.isUsable(MIN_QUERY_WORDS, MIN_DOCUMENT_WORDS));
    }

    private static String document(String readme, String query) {
        Matcher said = Pattern.compile(query.replaceAll("\\.$", ""), Pattern.LITERAL | Pattern.CASE_INSENSITIVE)
                .matcher(UNREADABLE.matcher(readme).replaceAll(""));
        return PlainText.squeeze(said.replaceAll(""));
    }
}
