package org.linformer.zoo.data;

import ai.djl.util.Utils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder that is deleted, with what it holds, when it is closed, or when the process is told to end. */
record TemporaryFolder(Path path) implements AutoCloseable {

    static TemporaryFolder in(Path folder) throws IOException {
        Path path = Files.createTempDirectory(folder, "unfinished");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Utils.deleteQuietly(path)));
        return new TemporaryFolder(path);
    }

    /** All files but links, in the order of their paths. */
    List<Path> files() throws IOException {
        try (Stream<Path> paths = Files.walk(path)) {
            return paths.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        }
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> paths = Files.walk(path)) {
            for (Path file : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
