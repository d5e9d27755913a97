package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.zoo.data.HtmlDocs.Docs;

class HtmlDocsTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    @BeforeAll
    static void requireProgram() {
        DebFile.assumeInstalled("dpkg-deb");
    }

    private void prepare(Map<String, byte[]> files) throws Exception {
        DebFile.write(folder, "bread-doc", files);
        HtmlDocs.prepare(
                folder,
                new PrintStream(printed, true, StandardCharsets.UTF_8),
                List.of(new Docs("bread-doc", "doc/bread/(?!_)")));
    }

    private static String text(String word) {
        return IntStream.range(0, 150).mapToObj(i -> word + i).collect(Collectors.joining(" "));
    }

    private static byte[] page(String word) {
        return "<title>About %1$s</title><h1>About %1$s</h1><p>%2$s</p>"
                .formatted(word, text(word))
                .getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void splitsPagesIntoTrainAndValidation() throws Exception {
        prepare(Map.of(
                "usr/share/doc/bread/rye.html", page("rye"),
                "usr/share/doc/bread/crust.html", page("crust"),
                "usr/share/doc/bread/yeast.html", page("yeast"),
                "usr/share/doc/bread/_source/rye.html", page("source"),
                "usr/share/doc/cake/wheat.html", page("wheat")));

        assertThat(Pair.read(folder.resolve("pairs-train.jsonl")))
                .containsExactlyInAnyOrder(
                        new Pair("html/bread-doc/doc/bread/rye.html", "About rye", text("rye")),
                        new Pair("html/bread-doc/doc/bread/yeast.html", "About yeast", text("yeast")));
        assertThat(Pair.read(folder.resolve("pairs-validation.jsonl")))
                .containsExactly(new Pair("html/bread-doc/doc/bread/crust.html", "About crust", text("crust")));
        assertThat(folder.resolve("pairs-test.jsonl")).doesNotExist();
        assertThat(printed.toString(StandardCharsets.UTF_8)).startsWith("bread-doc: 3 pages\n3 pairs, 3 without");
    }

    @Test
    void takesNoMoreThan600PagesOfAPackage() throws Exception {
        Map<String, byte[]> pages = new HashMap<>();
        for (int i = 0; i < 610; i++) {
            pages.put("usr/share/doc/bread/%d.html".formatted(i), page("loaf" + i + "of"));
        }

        prepare(pages);

        assertThat(printed.toString(StandardCharsets.UTF_8)).startsWith("bread-doc: 610 pages\n600 pairs, 600 without");
    }
}
