package org.linformer.zoo.data;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The descriptions of Debian's packages, for two tasks. As examples: the section that the archive's maintainers put a
 * package in, thirty classes. As pairs: the synopsis, and the description without it. One binary package of each source
 * package is taken, for the others repeat it.
 */
public final class DebianSections {

    private static final int MIN_SYNOPSIS_WORDS = 3;
    private static final int MIN_WORDS = 20;

    /** The sections that have enough packages, and a subject. */
    private static final Set<String> CLASSES = Set.of(
            "admin",
            "devel",
            "editors",
            "fonts",
            "games",
            "gnome",
            "gnu-r",
            "golang",
            "graphics",
            "haskell",
            "interpreters",
            "java",
            "javascript",
            "libs",
            "lisp",
            "mail",
            "math",
            "net",
            "ocaml",
            "perl",
            "php",
            "python",
            "ruby",
            "rust",
            "science",
            "sound",
            "text",
            "utils",
            "web",
            "x11");

    /** Their packages come with those of another section, and are described like them. */
    private static final Set<String> COMPANIONS =
            Set.of("debug", "doc", "introspection", "libdevel", "metapackages", "oldlibs", "tasks");

    private DebianSections() {}

    /**
     * Gets the index of the archive with apt-get, unless it lies in the folder already, and writes {@code train.jsonl},
     * {@code validation.jsonl}, {@code test.jsonl} and the pairs {@code pairs-train.jsonl},
     * {@code pairs-validation.jsonl} and {@code pairs-test.jsonl} beside it.
     *
     * @param folder where to
     * @param progress where the counts are printed
     * @throws IOException if apt-get fails, or a file cannot be read or written
     * @throws InterruptedException if it is interrupted
     */
    public static void prepare(Path folder, PrintStream progress) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        List<DebianPackage> packages = DebianPackage.read(new DebianArchive(folder, progress).index());
        progress.printf("%,d packages%n", packages.size());
        List<Example> examples = onePerSource(packages, CLASSES::contains)
                .map(chosen ->
                        new Example(id(chosen), chosen.synopsis() + "\n\n" + chosen.description(), chosen.section()))
                .sorted(Comparator.comparing(Example::id, Split.HELD_OUT_FIRST))
                .toList();
        List<Example> different = NearDuplicates.removeFrom(examples, Example::text);
        progress.printf("%,d examples, %,d without near duplicates%n", examples.size(), different.size());
        for (Split split : Split.values()) {
            List<Example> ofSplit = different.stream()
                    .filter(example -> Split.of(example.id()) == split)
                    .toList();
            JsonLines.write(split.file(folder), ofSplit);
            progress.printf("%s: %,d examples%n", split, ofSplit.size());
        }
        List<Pair> pairs = onePerSource(packages, section -> !COMPANIONS.contains(section))
                .map(chosen -> new Pair(id(chosen), chosen.synopsis(), chosen.description()))
                .filter(pair -> pair.isUsable(MIN_SYNOPSIS_WORDS, MIN_WORDS))
                .toList();
        Pair.write(folder, pairs, Split::of, progress);
    }

    /** The package that is called like its source, or else the one with the longest description. */
    private static Stream<DebianPackage> onePerSource(List<DebianPackage> packages, Predicate<String> section) {
        Map<String, DebianPackage> chosen = new TreeMap<>();
        for (DebianPackage candidate : packages) {
            if (section.test(candidate.section()) && PlainText.words(candidate.description()) >= MIN_WORDS) {
                chosen.merge(
                        candidate.source(),
                        candidate,
                        (first, second) -> isMain(first)
                                        || (!isMain(second)
                                                && first.description().length()
                                                        > second.description().length())
                                ? first
                                : second);
            }
        }
        return chosen.values().stream();
    }

    private static boolean isMain(DebianPackage candidate) {
        return candidate.name().equals(candidate.source());
    }

    private static String id(DebianPackage chosen) {
        return "deb/" + chosen.source();
    }
}
