package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesTest {

    private static final Pair RYE = new Pair("bread/1", "rye", "a dark bread");
    private static final Pair WHEAT = new Pair("bread/2", "wheat", "a white bread");

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("pairs.jsonl");
    }

    @Test
    void writesNothingIfOneRecordCannotBeWritten() {
        Pair halfACharacter = new Pair("bread/3", "\uD83C", "half a character, which UTF-8 cannot say");

        assertThatIOException().isThrownBy(() -> JsonLines.write(file, List.of(RYE, halfACharacter)));

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void keepsTheOldFileIfTheNewOneCannotBeWritten() throws IOException {
        JsonLines.write(file, List.of(WHEAT));

        assertThatIOException()
                .isThrownBy(() -> JsonLines.write(file, List.of(RYE, new Pair("bread/3", "\uD83C", "half"))));

        assertThat(Pair.read(file)).containsExactly(WHEAT);
        assertThat(folder).isDirectoryContaining(path -> path.equals(file));
    }

    @Test
    void namesTheLineThatIsNotUtf8() throws IOException {
        Files.write(file, """
                {"id":"bread/1","query":"rye","document":"a dark bread"}
                {"id":"bread/2","query":"pain de mie","document":"from a café"}
                """.getBytes(StandardCharsets.ISO_8859_1));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Pair.read(file))
                .withMessage("%s, line 2 must be UTF-8, but is not", file);
    }

    @Test
    void namesTheLineThatIsNoJson() throws IOException {
        Files.writeString(file, """
                {"id":"bread/1","query":"rye","document":"a dark bread"}
                {"id":"bread/2","query":"wheat"
                """);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Pair.read(file))
                .withMessageStartingWith("%s, line 2: ", file);
    }
}
