package org.linformer.zoo.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.linformer.zoo.Sha256;

/**
 * A package of the npm registry, fetched with the ordinary npm client and whatever registry or proxy that is set up
 * for.
 *
 * @param name its name, with its scope
 * @param version its version
 * @param sha256 SHA-256 of its archive
 */
record NpmPackage(String name, String version, String sha256) {

    private static final Program NPM = new Program(
            System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("windows") ? "npm.cmd" : "npm", "npm");

    /** Fetches the archive, unless it lies in the folder already. */
    Path fetch(Path folder, PrintStream progress) throws IOException, InterruptedException {
        return fetch(folder, progress, NPM);
    }

    Path fetch(Path folder, PrintStream progress, Program npm) throws IOException, InterruptedException {
        Path archive = folder.resolve(fileName());
        if (!Files.exists(archive)) {
            progress.printf("fetching %s@%s with npm%n", name, version);
            npm.fetch(folder, "pack", name + "@" + version, "--loglevel=error");
        }
        String actual = Sha256.of(archive);
        if (!actual.equals(sha256)) {
            throw new IllegalArgumentException("SHA-256 of %s must be %s, but is %s. Delete the file to fetch it again"
                    .formatted(archive, sha256, actual));
        }
        return archive;
    }

    /**
     * Fetches the archives that do not lie in the folder already; npm compares them with what the registry says of them.
     *
     * @param packages names with their versions, {@code name@version}
     */
    static void fetch(Path folder, List<String> packages, PrintStream progress)
            throws IOException, InterruptedException {
        List<String> missing = packages.stream()
                .filter(each -> !Files.exists(folder.resolve(fileName(each))))
                .toList();
        if (missing.isEmpty()) {
            return;
        }
        progress.printf("fetching %d packages with npm, from %s on%n", missing.size(), missing.get(0));
        List<String> arguments = new ArrayList<>(List.of("pack", "--loglevel=error"));
        arguments.addAll(missing);
        NPM.fetch(folder, arguments.toArray(String[]::new));
    }

    /** The name that {@code npm pack} gives the archive. */
    String fileName() {
        return fileName(name + "@" + version);
    }

    /** The same for {@code name@version}. */
    static String fileName(String nameAndVersion) {
        int at = nameAndVersion.lastIndexOf('@');
        return "%s-%s.tgz"
                .formatted(
                        nameAndVersion.substring(0, at).replace("@", "").replace('/', '-'),
                        nameAndVersion.substring(at + 1));
    }

    /** What is done with a file of the archive. */
    interface FileReader {
        void read(String name, InputStream content) throws IOException;
    }

    static void read(Path archive, FileReader reader) throws IOException {
        try (InputStream file = Files.newInputStream(archive);
                TarArchiveInputStream tar = new TarArchiveInputStream(new GZIPInputStream(file))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                reader.read(entry.getName(), tar);
            }
        }
    }
}
