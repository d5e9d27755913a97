package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.zoo.Sha256;

class NpmPackageTest {

    private static final PrintStream SILENT = new PrintStream(OutputStream.nullOutputStream());

    private final NpmPackage npmPackage = new NpmPackage("@bakers/rye", "1.2.3", Sha256.of("archive"));

    @TempDir
    private Path folder;

    @Test
    void takesTheArchiveThatLiesThere() throws Exception {
        Path archive = folder.resolve("bakers-rye-1.2.3.tgz");
        Files.writeString(archive, "archive");

        assertThat(npmPackage.fetch(folder, SILENT)).isEqualTo(archive);
    }

    @Test
    void refusesAnotherArchiveAndNamesBothHashes() throws IOException {
        Path archive = folder.resolve("bakers-rye-1.2.3.tgz");
        Files.writeString(archive, "half an arch");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> npmPackage.fetch(folder, SILENT))
                .withMessage("SHA-256 of %s must be %s, but is %s. Delete the file to fetch it again"
                        .formatted(archive, Sha256.of("archive"), Sha256.of("half an arch")));
    }

    @Test
    void saysThatNpmIsMissing() {
        assertThatIOException()
                .isThrownBy(() -> npmPackage.fetch(folder, SILENT, new Program("no-such-npm", "npm")))
                .withMessage(
                        "no-such-npm must be installed and on the PATH, but cannot be run. Debian has it in the package"
                                + " npm");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void quotesTheLastLineOfAnNpmThatFails() {
        // java does not know the command either
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();

        assertThatIOException()
                .isThrownBy(() -> npmPackage.fetch(folder, SILENT, new Program(java, "default-jre")))
                .withMessageMatching(
                        ".*java pack @bakers/rye@1.2.3 .*must end with status 0, but is 1. It last said: .*");
        assertThat(folder).isEmptyDirectory();
    }
}
