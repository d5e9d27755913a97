package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManPageTest {

    private static final String LONG =
            "The dough is folded until it is smooth. ".repeat(8).strip();

    @TempDir
    private Path folder;

    private static String page(String name, String sections) {
        return """
                KNEAD(1)                    Bakers' Manual                    KNEAD(1)

                NAME
                       %s

                DESCRIPTION
                       %s

                %s
                bakery                        2026-11-24                      KNEAD(1)
                """.formatted(name, LONG, sections);
    }

    private static Optional<Pair> pair(String rendered) {
        return ManPage.pair("man/bakery/knead.1", rendered);
    }

    @Test
    void asksForWhatNameSaysAndFindsThePageWithoutIt() {
        assertThat(pair(page("knead - work a dough", "EXAMPLES\n       knead rye\n")))
                .contains(new Pair(
                        "man/bakery/knead.1", "work a dough", "DESCRIPTION\n" + LONG + "\n\nEXAMPLES\nknead rye"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "knead - work a dough",
                "knead, fold \u2013 work a dough",
                "pre-knead \u2014 work a dough",
                "knead -\n       work a\n       dough"
            })
    void takesWhatStandsBehindTheDash(String name) {
        assertThat(pair(page(name, ""))).map(Pair::query).contains("work a dough");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SEE ALSO",
                "See also",
                "AUTHORS",
                "AUTHOR",
                "COPYRIGHT",
                "REPORTING BUGS",
                "HISTORY",
                "COLOPHON",
                "THE LICENCE",
                "ORIGINAL AUTHORS AND CONTRIBUTORS"
            })
    void leavesOutWhoMadeThePageAndWhereElseToLook(String heading) {
        assertThat(pair(page("knead - work a dough", heading + "\n       proof(1)\n\nNOTES\n       It sticks.\n")))
                .map(Pair::document)
                .contains("DESCRIPTION\n" + LONG + "\n\nNOTES\nIt sticks.");
    }

    @Test
    void keepsASectionThatOnlySoundsLikeOneAboutThePage() {
        assertThat(pair(page("knead - work a dough", "HISTORY EXPANSION\n       !knead\n")))
                .map(Pair::document)
                .hasValueSatisfying(document -> assertThat(document).endsWith("HISTORY EXPANSION\n!knead"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"knead", "knead -", "knead - work dough"})
    void isNoPairIfNameSaysTooLittle(String name) {
        assertThat(pair(page(name, ""))).isEmpty();
    }

    @Test
    void isNoPairIfThePageSaysTooLittle() {
        assertThat(pair(page("knead - work a dough", "").replace(LONG, "It kneads.")))
                .isEmpty();
        assertThat(pair("KNEAD(1)\n")).isEmpty();
        assertThat(pair("")).isEmpty();
    }

    @Test
    void readsWhatMandocRenders() throws Exception {
        assumeTrue(hasMandoc(), "left out, for mandoc is not on the PATH: Debian has it in the package mandoc");
        Path page = folder.resolve("knead.1.gz");
        try (OutputStream zipped = new GZIPOutputStream(Files.newOutputStream(page));
                Writer roff = new OutputStreamWriter(zipped, StandardCharsets.UTF_8)) {
            roff.write("""
                    .TH KNEAD 1 2026-11-24 bakery "Bakers' Manual"
                    .SH NAME
                    knead \\- work a dough
                    until it is smooth
                    .SH SYNOPSIS
                    .B knead
                    [\\fB\\-t\\fR \\fIminutes\\fR] \\fIdough\\fR
                    .SH DESCRIPTION
                    .\\" this is a comment
                    .B knead
                    folds the dough
                    until it is smooth.
                    .PP
                    %s
                    .SH SEE ALSO
                    .BR proof (1)
                    .SH AUTHORS
                    A baker.
                    """.formatted(LONG));
        }

        assertThat(pair(ManPages.render(folder, page)))
                .contains(new Pair("man/bakery/knead.1", "work a dough until it is smooth", """
                        SYNOPSIS
                        knead [-t minutes] dough

                        DESCRIPTION
                        knead folds the dough until it is smooth.

                        %s""".formatted(LONG)));
    }

    private static boolean hasMandoc() {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "mandoc")));
    }
}
