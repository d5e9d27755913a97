package org.linformer.zoo.data;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import org.jsoup.Jsoup;
import org.linformer.zoo.Sha256;

/**
 * Documentation that Debian 12 has as HTML, as pairs to train with: the heading of a page, and what stands below it.
 * The pages are under the free licences of their packages.
 */
public final class HtmlDocs {

    /** So that no package has a style of its own for most pairs. */
    private static final int MAX_PAGES = 600;

    /** The folder of the pages is a regular expression, beneath {@code usr/share}. */
    record Docs(String packageName, String folder) {

        Pattern page() {
            return Pattern.compile("usr/share/%s.*\\.html".formatted(folder));
        }

        String id(String path) {
            return "html/%s/%s".formatted(packageName, path.substring("usr/share/".length()));
        }
    }

    /** What is left out is source code, lists of names, other languages and other editions. */
    private static final List<Docs> ALL_DOCS = List.of(
            new Docs("anarchism", "doc/anarchism/html/"),
            new Docs("apache2-doc", "doc/apache2-doc/manual/en/"),
            new Docs("bind9-doc", "doc/bind9-doc/arm/"),
            new Docs("cmake-doc", "doc/cmake-data/html/[a-z]\\w*/"),
            new Docs("debian-handbook", "doc/debian-handbook/html/en-US/"),
            new Docs("debian-policy", "doc/debian-policy/"),
            new Docs("debian-reference-en", "debian-reference/"),
            new Docs("developers-reference", "developers-reference/"),
            new Docs("exim4-doc-html", "doc/exim4-doc-html/"),
            new Docs("gimp-help-en", "gimp/2.0/help/en/"),
            new Docs("libreoffice-help-en-us", "libreoffice/help/en-US/text/"),
            new Docs("lilypond-doc-html", "doc/lilypond/html/Documentation/(?!internals|snippets).*/"),
            new Docs("linux-doc-6.1", "doc/linux-doc-6.1/html/"),
            new Docs("nodejs-doc", "doc/nodejs/api/"),
            new Docs("octave-doc", "doc/octave/octave.html/"),
            new Docs(
                    "openjdk-17-doc",
                    "doc/openjdk-17-jre-headless/api/(?!.*(?:class-use|index-files|package-tree|package-use))"),
            new Docs("postgresql-doc-15", "doc/postgresql-doc-15/html/"),
            new Docs("python-django-doc", "doc/python-django-doc/html/(?!_)"),
            new Docs("python-pandas-doc", "doc/python-pandas-doc/html/(?!_|generated|reference).*/"),
            new Docs("python-scipy-doc", "doc/python-scipy-doc/html/(?:dev|reference/(?!generated)|release|tutorial)"),
            new Docs("python-sklearn-doc", "doc/python-sklearn-doc/html/(?!_|.*generated)"),
            new Docs("python-sqlalchemy-doc", "doc/python-sqlalchemy-doc/html/(?!_)"),
            new Docs("python-sympy-doc", "doc/python-sympy-doc/html/(?!_)"),
            new Docs("python3.11-doc", "doc/python3.11/html/(?!_)"),
            new Docs(
                    "rust-doc",
                    "doc/rust-doc/html/(?:book/(?!.*edition)|cargo|edition-guide|embedded-book|nomicon"
                            + "|reference|rust-by-example|rustc|rustdoc|std)/"),
            new Docs("sqlite3-doc", "doc/sqlite3/(?!releaselog)"),
            new Docs("valgrind", "doc/valgrind/html/"));

    private HtmlDocs() {}

    /**
     * Gets the packages with apt-get, unless they lie in the folder already, and writes {@code pairs-train.jsonl} and
     * {@code pairs-validation.jsonl} beside them.
     *
     * @param folder where to
     * @param progress where the counts are printed
     * @throws IOException if apt-get or dpkg-deb fails, or a file cannot be read or written
     * @throws InterruptedException if it is interrupted
     */
    public static void prepare(Path folder, PrintStream progress) throws IOException, InterruptedException {
        prepare(folder, progress, ALL_DOCS);
    }

    static void prepare(Path folder, PrintStream progress, List<Docs> allDocs)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        DebianArchive archive = new DebianArchive(folder, progress);
        List<Pair> pairs = new ArrayList<>();
        for (Docs docs : allDocs) {
            List<Pair> pages = archive.read(
                    docs.packageName(),
                    docs.page(),
                    (path, file) -> HtmlPage.pair(docs.id(path), Jsoup.parse(file.toFile())));
            progress.printf("%s: %,d pages%n", docs.packageName(), pages.size());
            pages.stream()
                    .sorted(Comparator.comparing(page -> Sha256.of(page.id())))
                    .limit(MAX_PAGES)
                    .forEach(pairs::add);
        }
        Pair.write(folder, pairs, HtmlDocs::split, progress);
    }

    /** Nothing is tested on these pages. */
    private static Split split(String id) {
        return Split.of(id) == Split.VALIDATION ? Split.VALIDATION : Split.TRAIN;
    }
}
