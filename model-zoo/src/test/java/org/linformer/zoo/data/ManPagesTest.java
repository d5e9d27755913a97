package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManPagesTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    @BeforeAll
    static void requirePrograms() {
        DebFile.assumeInstalled("dpkg-deb", "mandoc");
    }

    private static byte[] page(String name, String description, String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write("""
                    .TH %1$s 1 2001-01-01 "Version 2" "The Bakers"
                    .SH NAME
                    %1$s \\- %2$s
                    .SH DESCRIPTION
                    .B %1$s
                    %3$s
                    """.formatted(name, description, text).getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    @Test
    void rendersThePagesOfAPackageThatLiesThere() throws Exception {
        DebFile.write(
                folder,
                "bread-doc",
                Map.of(
                        "usr/share/man/man1/rye.1.gz",
                        page("rye", "bake bread of rye", "needs time.\n".repeat(30)),
                        "usr/share/man/man1/oven.1.gz",
                        page("oven", "heat the oven first", "gets hot.\n".repeat(30)),
                        "usr/share/man/man1/salt.1.gz",
                        page("salt", "put salt on bread", "is salty.\n".repeat(30)),
                        "usr/share/man/de/man1/rye.1.gz",
                        page("rye", "backe ein gutes Brot", "braucht Zeit.\n".repeat(30)),
                        "usr/share/doc/bread-doc/README.gz",
                        new byte[0]));

        ManPages.prepare(folder, new PrintStream(printed, true, StandardCharsets.UTF_8), List.of("bread-doc"));

        assertThat(Pair.read(folder.resolve("pairs-train.jsonl")))
                .containsExactly(new Pair(
                        "man/bread-doc/rye.1",
                        "bake bread of rye",
                        "DESCRIPTION\nrye " + "needs time. ".repeat(30).strip()));
        assertThat(Pair.read(folder.resolve("pairs-validation.jsonl")))
                .extracting(Pair::id)
                .containsExactly("man/bread-doc/oven.1");
        assertThat(Pair.read(folder.resolve("pairs-test.jsonl")))
                .extracting(Pair::id)
                .containsExactly("man/bread-doc/salt.1");
        assertThat(printed.toString(StandardCharsets.UTF_8)).startsWith("bread-doc: 3 pages\n3 pairs, 3 without");
    }
}
