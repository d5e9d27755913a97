package org.linformer.zoo.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A program that must be installed on this machine.
 *
 * @param name what its file is called
 * @param debianPackage the package of Debian that it comes in
 */
record Program(String name, String debianPackage) {

    /**
     * Runs it in a folder, with nothing to read, and returns what it writes to its standard output; if it fails, the
     * message quotes the last line of its standard error.
     */
    byte[] run(Path folder, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(arguments));
        command.add(0, name);
        Path errors = Files.createTempFile("linformer", ".txt");
        try {
            Process process =
                    start(new ProcessBuilder(command).directory(folder.toFile()).redirectError(errors.toFile()));
            try (InputStream written = process.getInputStream()) {
                process.getOutputStream().close();
                byte[] output = written.readAllBytes();
                int status = process.waitFor();
                if (status != 0) {
                    throw new IOException("%s must end with status 0, but is %d. It last said: %s"
                            .formatted(String.join(" ", command), status, lastLine(errors)));
                }
                return output;
            } finally {
                process.destroy();
            }
        } finally {
            Files.delete(errors);
        }
    }

    /** Runs it in a folder of its own, and moves the files that it leaves there: what is interrupted leaves none. */
    List<Path> fetch(Path folder, String... arguments) throws IOException, InterruptedException {
        try (TemporaryFolder unfinished = TemporaryFolder.in(folder)) {
            run(unfinished.path(), arguments);
            List<Path> moved = new ArrayList<>();
            for (Path file : unfinished.files()) {
                moved.add(Files.move(file, folder.resolve(file.getFileName()), StandardCopyOption.ATOMIC_MOVE));
            }
            if (moved.isEmpty()) {
                throw new IOException(
                        "%s %s must write a file, but wrote none".formatted(name, String.join(" ", arguments)));
            }
            return moved;
        }
    }

    private Process start(ProcessBuilder builder) throws IOException {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new IOException(
                    "%s must be installed and on the PATH, but cannot be run. Debian has it in the package %s"
                            .formatted(name, debianPackage),
                    e);
        }
    }

    private static String lastLine(Path errors) throws IOException {
        return new String(Files.readAllBytes(errors), Charset.defaultCharset())
                .lines()
                .filter(line -> !line.isBlank())
                .reduce("nothing", (earlier, later) -> later);
    }
}
