package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.zoo.Npm;
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
    void fetchesSeveralAtOnce() throws Exception {
        Npm.assumeFetched(folder, () -> NpmPackage.fetch(folder, List.of("ms@2.1.3", "@isaacs/cliui@8.0.2"), SILENT));

        List<String> files = new ArrayList<>();
        NpmPackage.read(folder.resolve("isaacs-cliui-8.0.2.tgz"), (name, content) -> files.add(name));
        assertThat(files).contains("package/package.json");
        assertThat(folder.resolve("ms-2.1.3.tgz")).exists();
        assertThat(folder).isDirectoryNotContaining("glob:**/unfinished*");
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        NpmPackage.fetch(folder, List.of("ms@2.1.3"), new PrintStream(printed));
        assertThat(printed.size()).as("it lies there").isZero();
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
