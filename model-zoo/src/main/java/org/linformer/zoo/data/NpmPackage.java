package org.linformer.zoo.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * A package of the npm registry, fetched with the ordinary npm client and whatever registry or proxy that is set up for.
 *
 * @param name its name, with its scope
 * @param version its version
 * @param sha256 SHA-256 of its archive
 */
record NpmPackage(String name, String version, String sha256) {

    private static final String NPM =
            System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("windows") ? "npm.cmd" : "npm";

    /** Fetches the archive, unless it lies in the folder already. */
    Path fetch(Path folder, PrintStream progress) throws IOException, InterruptedException {
        return fetch(folder, progress, NPM);
    }

    Path fetch(Path folder, PrintStream progress, String npm) throws IOException, InterruptedException {
        Path archive = folder.resolve(fileName());
        if (!Files.exists(archive)) {
            progress.printf("fetching %s@%s with npm%n", name, version);
            Path unfinished = Files.createTempDirectory(folder, "npm-pack");
            try {
                pack(unfinished, progress, npm);
                Files.move(unfinished.resolve(fileName()), archive, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(unfinished.resolve(fileName()));
                Files.delete(unfinished);
            }
        }
        String actual = Sha256.of(Files.readAllBytes(archive));
        if (!actual.equals(sha256)) {
            throw new IllegalArgumentException("SHA-256 of %s must be %s, but is %s. Delete the file to fetch it again"
                    .formatted(archive, sha256, actual));
        }
        return archive;
    }

    /** The name that {@code npm pack} gives the archive. */
    String fileName() {
        return "%s-%s.tgz".formatted(name.replace("@", "").replace('/', '-'), version);
    }

    private void pack(Path folder, PrintStream progress, String npm) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(npm, "pack", name + "@" + version, "--loglevel=error")
                .directory(folder.toFile())
                .redirectErrorStream(true);
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new IOException("%s must be installed and on the PATH, but cannot be run".formatted(npm), e);
        }
        String lastLine = "nothing";
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                progress.println(line);
                lastLine = line;
            }
            int status = process.waitFor();
            if (status != 0) {
                throw new IOException("npm pack %s@%s must end with status 0, but is %d. It last said: %s"
                        .formatted(name, version, status, lastLine));
            }
        } finally {
            process.destroy();
        }
    }
}
