package org.linformer.serving.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.linformer.serving.ServingProperties;
import org.linformer.zoo.Sha256;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.util.unit.DataSize;

@ExtendWith(OutputCaptureExtension.class)
class ApiKeysTest {

    @TempDir
    private Path folder;

    private int writes;

    @Test
    void knowsTheNameOfAKeyByItsHash() throws Exception {
        ApiKeys keys = keys(write("# callers\n\nsearch %s\n  mail\t%s\n"
                .formatted(Sha256.of("first"), Sha256.of("second").toUpperCase())));

        assertThat(keys.nameOf("first")).isEqualTo("search");
        assertThat(keys.nameOf("second")).isEqualTo("mail");
        assertThat(keys.nameOf("third")).isNull();
        assertThat(keys.nameOf("")).isNull();
        assertThat(keys.nameOf(Sha256.of("first"))).isNull();
    }

    @Test
    void takesNewKeysAndForgetsOldOnesWithoutARestart() throws Exception {
        ApiKeys keys = keys(write("search " + Sha256.of("old")));

        write("search %s\nsearch %s".formatted(Sha256.of("old"), Sha256.of("new")));
        assertThat(keys.nameOf("old")).isEqualTo("search");
        assertThat(keys.nameOf("new")).isEqualTo("search");

        write("search " + Sha256.of("new"));
        assertThat(keys.nameOf("old")).isNull();
        assertThat(keys.nameOf("new")).isEqualTo("search");
    }

    @Test
    void keepsTheKeysOfAFileThatBreaksAndSaysSoOnce(CapturedOutput output) throws Exception {
        Path file = write("search " + Sha256.of("key"));
        ApiKeys keys = keys(file);

        write("search " + Sha256.of("key") + "\nmail my-plain-key");

        assertThat(keys.nameOf("key")).isEqualTo("search");
        assertThat(keys.nameOf("key")).isEqualTo("search");
        assertThat(output)
                .containsOnlyOnce("serving.api-keys-file=" + file
                        + " is broken, so the keys read before stay valid: line 2 must be a name and the SHA-256 of a key in"
                        + " 64 hexadecimal digits, but is 2 words, the last of 12 characters")
                .doesNotContain("my-plain-key");

        Files.delete(file);
        assertThat(keys.nameOf("key")).isEqualTo("search");
        assertThat(output).contains("file must be there and readable, but is not");

        write("search " + Sha256.of("other"));
        assertThat(keys.nameOf("key")).isNull();
        assertThat(keys.nameOf("other")).isEqualTo("search");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | file must have a line NAME SHA256 for each key, but has none",
                "# nobody | file must have a line NAME SHA256 for each key, but has none",
                "secret | line 1 must be a name and the SHA-256 of a key in 64 hexadecimal digits, but is 1 words, the last of 6 characters",
                "mail 1234 - | line 1 must be a name and the SHA-256 of a key in 64 hexadecimal digits, but is 3 words, the last of 1 characters",
            })
    void stopsTheStartAtABrokenFile(String text, String reason) throws Exception {
        Path file = write(text);

        assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class)
                .isThrownBy(() -> keys(file))
                .satisfies(e -> assertThat(e.getName()).isEqualTo("serving.api-keys-file"))
                .satisfies(e -> assertThat(e.getReason()).isEqualTo(reason));
    }

    @Test
    void stopsTheStartWithoutTheFile() {
        assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class)
                .isThrownBy(() -> keys(folder.resolve("nothing")))
                .satisfies(e -> assertThat(e.getReason()).isEqualTo("file must be there and readable, but is not"));
    }

    /** Each writing is a minute after the last, however fast the test and coarse the file system's clock. */
    private Path write(String text) throws IOException {
        Path file = folder.resolve("keys.txt");
        Files.writeString(file, text);
        return Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L + 60_000L * writes++));
    }

    private static ApiKeys keys(Path file) {
        return new ApiKeys(new ServingProperties(
                List.of("spam-linformer"),
                "float32",
                1,
                64,
                1_000,
                DataSize.ofMegabytes(1),
                4096,
                64,
                Map.of(),
                Duration.ofSeconds(1),
                file.toString(),
                false,
                0));
    }
}
