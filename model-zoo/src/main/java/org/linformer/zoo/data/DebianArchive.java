package org.linformer.zoo.data;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The archive that this machine's apt-get is set up for. Its packages are downloaded and read, never installed, and its
 * index is kept apart from the machine's own.
 *
 * @param folder where the packages and the index lie; what lies there is not fetched again
 * @param progress where it is printed what is fetched
 */
record DebianArchive(Path folder, PrintStream progress) {

    private static final Program APT_GET = new Program("apt-get", "apt");
    private static final Program DPKG_DEB = new Program("dpkg-deb", "dpkg");

    /** Makes something of a file of a package, or nothing. */
    interface FileReader<T> {
        Optional<T> read(String path, Path file) throws IOException, InterruptedException;
    }

    /** Reads the files of a package whose path matches, in the order of their paths, and without those that are links. */
    <T> List<T> read(String packageName, Pattern path, FileReader<T> reader) throws IOException, InterruptedException {
        Path deb = fetch(packageName).toAbsolutePath();
        List<T> results = new ArrayList<>();
        try (TemporaryFolder unpacked = TemporaryFolder.in(folder)) {
            DPKG_DEB.run(unpacked.path(), "--extract", deb.toString(), ".");
            Set<Object> seen = new HashSet<>();
            for (Path file : unpacked.files()) {
                String relative = unpacked.path().relativize(file).toString();
                if (path.matcher(relative).matches() && seen.add(key(file))) {
                    reader.read(relative, file.toAbsolutePath()).ifPresent(results::add);
                }
            }
        }
        return results;
    }

    /** The same for all names of one file. */
    private static Object key(Path file) throws IOException {
        Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        return key == null ? file : key;
    }

    private Path fetch(String packageName) throws IOException, InterruptedException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, packageName + "_*.deb")) {
            Iterator<Path> found = files.iterator();
            if (found.hasNext()) {
                return found.next();
            }
        }
        Path lists = index();
        progress.printf("fetching %s with apt-get%n", packageName);
        return APT_GET.fetch(folder, options(lists, "download", packageName)).get(0);
    }

    /** The folder of the index, plain files. */
    Path index() throws IOException, InterruptedException {
        Path lists = folder.resolve("index").toAbsolutePath();
        if (!Files.isDirectory(lists)) {
            progress.println("fetching the index with apt-get");
            try (TemporaryFolder unfinished = TemporaryFolder.in(folder)) {
                Path fetched =
                        Files.createDirectory(unfinished.path().toAbsolutePath().resolve("index"));
                Files.createDirectory(fetched.resolve("partial"));
                APT_GET.run(folder, options(fetched, "update", "--error-on=any"));
                Files.move(fetched, lists);
            }
        }
        return lists;
    }

    private static String[] options(Path lists, String... command) {
        List<String> arguments = new ArrayList<>(List.of(command));
        for (String option : List.of(
                "Dir::State::lists=" + lists,
                "Dir::Cache::pkgcache=",
                "Dir::Cache::srcpkgcache=",
                "Acquire::Languages=en",
                "Acquire::GzipIndexes=false",
                // what root downloads would be written by another user, who may not see the folder
                "APT::Sandbox::User=root")) {
            arguments.add("-o");
            arguments.add(option);
        }
        return arguments.toArray(String[]::new);
    }
}
