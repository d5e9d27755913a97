package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryFolderTest {

    @TempDir
    private Path folder;

    /** Makes one in a folder, with a file in it, and does not end. */
    public static void main(String[] arguments) throws Exception {
        Path made = TemporaryFolder.in(Path.of(arguments[0])).path();
        Files.writeString(Files.createDirectory(made.resolve("deep")).resolve("file"), "half");
        System.out.println("made");
        System.in.read();
    }

    @Test
    void isDeletedWhenItIsClosed() throws Exception {
        try (TemporaryFolder made = TemporaryFolder.in(folder)) {
            Files.writeString(made.path().resolve("file"), "whole");
            assertThat(made.files()).hasSize(1);
        }

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void isDeletedWhenTheProcessIsToldToEnd() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        TemporaryFolderTest.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.inputReader().lines().anyMatch("made"::equals)).isTrue();
        assertThat(folder).isNotEmptyDirectory();

        process.destroy();
        process.waitFor();

        assertThat(folder).isEmptyDirectory();
    }
}
