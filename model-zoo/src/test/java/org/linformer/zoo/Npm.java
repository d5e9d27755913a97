package org.linformer.zoo;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The program through which the corpora come. */
final class Npm {

    private Npm() {}

    static boolean isThere() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.exists(Path.of(folder, "npm")) || Files.exists(Path.of(folder, "npm.cmd")));
    }
}
