package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExampleTest {

    @TempDir
    private Path folder;

    @Test
    void readsBackWhatItWrote() throws IOException {
        List<Example> examples =
                List.of(new Example("a/1", "two\nlines of \"<café>\" 🍞", "ham"), new Example("a/2", "", "spam"));
        Path file = folder.resolve("train.jsonl");

        JsonLines.write(file, examples);

        assertThat(Example.read(file)).isEqualTo(examples);
        assertThat(folder).isDirectoryContaining(path -> path.equals(file));
        assertThat(Files.readAllLines(file))
                .first()
                .isEqualTo("{\"id\":\"a/1\",\"text\":\"two\\nlines of \\\"<café>\\\" 🍞\",\"label\":\"ham\"}");
    }

    @Test
    void replacesAFileAsAWhole() throws IOException {
        Path file = folder.resolve("train.jsonl");
        JsonLines.write(file, List.of(new Example("a/1", "old", "ham")));

        JsonLines.write(file, List.of(new Example("a/1", "new", "ham")));

        assertThat(Example.read(file)).containsExactly(new Example("a/1", "new", "ham"));
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void namesTheLineThatHasNoLabel() throws IOException {
        Path file = folder.resolve("train.jsonl");
        Files.writeString(file, """
                {"id":"a/1","text":"good","label":"ham"}
                {"id":"a/2","text":"bad"}
                """);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Example.read(file))
                .withMessage(file + ", line 2: Example must have the key label, but has only [id, text]");
    }

    @Test
    void refusesAnEmptyLine() throws IOException {
        Path file = folder.resolve("train.jsonl");
        Files.writeString(file, "\n");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Example.read(file))
                .withMessage(file + ", line 1: Example must be a JSON object, but is empty");
    }
}
