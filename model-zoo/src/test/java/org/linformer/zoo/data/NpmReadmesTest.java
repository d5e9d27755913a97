package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With an archive that lies in the folder already, so that nothing is fetched. */
class NpmReadmesTest {

    private static final String ABOUT = "Bakes rye bread at home";
    private static final String WORDS =
            "The dough rests in a cold kitchen. ".repeat(25).strip();

    @TempDir
    private Path folder;

    private List<Pair> prepare(Map<String, String> entries) throws Exception {
        TestArchive.write(folder, entries);
        NpmReadmes.prepare(folder, new PrintStream(OutputStream.nullOutputStream()), List.of("@bakers/bread@1.0.0"));
        return pairs();
    }

    private List<Pair> pairs() throws IOException {
        Path file = folder.resolve("pairs-test.jsonl");
        return file.toFile().exists() ? Pair.read(file) : List.of();
    }

    private static String packageJson(String description) {
        return "{\"name\": \"@bakers/bread\", \"version\": \"1.0.0\", \"description\": \"%s\"}".formatted(description);
    }

    @Test
    void asksForWhatThePackageSaysThatItIs() throws Exception {
        assertThat(prepare(Map.of(
                        "package/package.json",
                        packageJson(ABOUT + "."),
                        "package/%s/README.md".formatted("a long name of a folder ".repeat(8)),
                        "Another package",
                        "package/readme.md",
                        """
                        # bread [![tests](https://ci.example/badge.svg)](https://ci.example) ![](rye.png)

                        > bakes rye bread at home

                        <p align="center">See [the kitchen](https://kitchen.example/cold "cold"), if a < b.</p>

                        [kitchen]: https://kitchen.example
                        """ + WORDS)))
                .containsExactly(new Pair(
                        "npm/@bakers/bread", ABOUT + ".", "# bread\n\n>\n\nSee [the kitchen], if a < b.\n\n" + WORDS));
    }

    @Test
    void leavesOutWhatNobodyCouldAskForOrRead() throws Exception {
        assertThat(prepare(Map.of("package/package.json", packageJson("Bakes bread"), "package/README.md", WORDS)))
                .as("a short description")
                .isEmpty();
        assertThat(prepare(Map.of("package/package.json", packageJson(ABOUT), "package/README.md", "# bread")))
                .as("a short README")
                .isEmpty();
        assertThat(prepare(Map.of("package/package.json", packageJson(ABOUT))))
                .as("no README")
                .isEmpty();
        assertThat(prepare(Map.of("package/package.json", "{\"name\": \"bread\"}", "package/README.md", WORDS)))
                .as("no description")
                .isEmpty();
    }
}
