package org.linformer.zoo.data;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;

/** A Debian package, built by dpkg-deb. */
final class DebFile {

    private DebFile() {}

    /** Skips the test that needs a program which is not on this machine. */
    static void assumeInstalled(String... programs) {
        for (String program : programs) {
            assumeTrue(
                    Arrays.stream(System.getenv("PATH").split(":"))
                            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program))),
                    program + " is not installed");
        }
    }

    /** Writes into the folder a package that has these files. */
    static void write(Path folder, String name, Map<String, byte[]> files) throws Exception {
        try (TemporaryFolder tree = TemporaryFolder.in(folder)) {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                Path path = tree.path().resolve(file.getKey());
                Files.createDirectories(path.getParent());
                Files.write(path, file.getValue());
            }
            write(folder, name, tree.path());
        }
    }

    static void write(Path folder, String name, Path tree) throws Exception {
        Path control = Files.createDirectories(tree.resolve("DEBIAN"));
        Files.setPosixFilePermissions(control, PosixFilePermissions.fromString("rwxr-xr-x")); // dpkg-deb wants these
        Files.writeString(tree.resolve("DEBIAN/control"), """
                Package: %s
                Version: 1
                Architecture: all
                Maintainer: The Bakers <bakers@example.org>
                Description: bread
                """.formatted(name));
        String deb = folder.resolve(name + "_1_all.deb").toAbsolutePath().toString();
        new Program("dpkg-deb", "dpkg").run(folder, "--build", "--root-owner-group", "-Znone", tree.toString(), deb);
    }
}
