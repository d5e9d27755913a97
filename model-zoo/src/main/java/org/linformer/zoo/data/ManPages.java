package org.linformer.zoo.data;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Manual pages of packages of Debian 12, as pairs: what a page's NAME says after the dash, and the rest of the page.
 * The pages are under the free licences of their packages.
 */
public final class ManPages {

    private static final List<String> PACKAGES = List.of(
            "manpages",
            "manpages-dev",
            "freebsd-manpages",
            "perl-doc",
            "git-man",
            "tcl8.6-doc",
            "tk8.6-doc",
            "erlang-manpages",
            "libssl-doc",
            "libx11-doc",
            "openmpi-doc",
            "netpbm",
            "tcllib",
            "libbio-perl-perl",
            "libmoose-perl",
            "libmojolicious-perl",
            "perl-tk",
            "systemd",
            "postfix",
            "util-linux",
            "coreutils",
            "lvm2",
            "postgresql-client-15",
            "postgresql-doc-15",
            "ncurses-doc",
            "libcurl4-doc",
            "zsh-common",
            "inn2",
            "btrfs-progs",
            "nmh",
            "lintian",
            "mandoc",
            "slurm-client",
            "rrdtool",
            "texlive-binaries",
            "grass-doc",
            "libdatetime-perl",
            "libdbix-class-perl",
            "libpoe-perl");

    /** Translations lie in a folder of their language. */
    private static final Pattern PAGE = Pattern.compile(".*/man/man\\d[^/]*/([^/]+)\\.gz");

    private static final Program MANDOC = new Program("mandoc", "mandoc");

    private ManPages() {}

    /**
     * Gets the packages with apt-get, unless they lie in the folder already, and writes {@code pairs-train.jsonl},
     * {@code pairs-validation.jsonl} and {@code pairs-test.jsonl} beside them.
     *
     * @param folder where to
     * @param progress where the counts are printed
     * @throws IOException if apt-get, dpkg-deb or mandoc fails, or a file cannot be read or written
     * @throws InterruptedException if it is interrupted
     */
    public static void prepare(Path folder, PrintStream progress) throws IOException, InterruptedException {
        prepare(folder, progress, PACKAGES);
    }

    static void prepare(Path folder, PrintStream progress, List<String> packages)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        DebianArchive archive = new DebianArchive(folder, progress);
        List<Pair> pages = new ArrayList<>();
        for (String name : packages) {
            List<Pair> ofPackage = archive.read(
                    name,
                    PAGE,
                    (path, file) -> ManPage.pair(
                            "man/%s/%s".formatted(name, PAGE.matcher(path).replaceFirst("$1")), render(folder, file)));
            progress.printf("%s: %,d pages%n", name, ofPackage.size());
            pages.addAll(ofPackage);
        }
        Pair.write(folder, pages, Split::of, progress);
    }

    /** Lines are as long as mandoc makes them, so that most paragraphs are one. */
    static String render(Path folder, Path page) throws IOException, InterruptedException {
        byte[] text = MANDOC.run(folder, "-T", "utf8", "-O", "width=1000", page.toString());
        return new String(text, StandardCharsets.UTF_8);
    }
}
