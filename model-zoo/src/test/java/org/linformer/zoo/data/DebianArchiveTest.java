package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DebianArchiveTest {

    @TempDir
    private Path folder;

    @Test
    void readsEachFileOfAPackageOnce() throws Exception {
        DebFile.assumeInstalled("dpkg-deb");
        Path tree = folder.resolve("tree");
        Path share = Files.createDirectories(tree.resolve("usr/share"));
        Files.writeString(share.resolve("b.txt"), "wheat");
        Files.writeString(share.resolve("c.txt"), "rye");
        Files.createLink(share.resolve("a.txt"), share.resolve("c.txt"));
        Files.createSymbolicLink(share.resolve("d.txt"), Path.of("c.txt"));
        Files.writeString(share.resolve("e.html"), "oat");
        DebFile.write(folder, "bread", tree);
        DebianArchive archive = new DebianArchive(folder, new PrintStream(OutputStream.nullOutputStream()));

        List<String> read = archive.read("bread", Pattern.compile("usr/.*\\.txt"), (path, file) -> {
            String text = Files.readString(file);
            return text.equals("wheat") ? Optional.empty() : Optional.of(path + ": " + text);
        });

        assertThat(read).containsExactly("usr/share/a.txt: rye");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("tree", "bread_1_all.deb");
    }

    @Test
    void takesTheIndexThatLiesThere() throws Exception {
        Path index = Files.createDirectory(folder.resolve("index"));

        assertThat(new DebianArchive(folder, new PrintStream(OutputStream.nullOutputStream())).index())
                .isEqualTo(index.toAbsolutePath());
    }
}
