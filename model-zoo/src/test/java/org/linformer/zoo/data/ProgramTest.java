package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.InstanceOfAssertFactories.PATH;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the Java that runs the tests, for that is on every machine; it runs a source file as a program. */
class ProgramTest {

    private final Program java =
            new Program(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "default-jre");

    @TempDir
    private Path folder;

    @TempDir
    private Path sources;

    private String source;

    @BeforeEach
    void writeTheProgram() throws IOException {
        source = Files.writeString(sources.resolve("Oven.java"), """
                public class Oven {
                    public static void main(String[] arguments) throws Exception {
                        switch (arguments[0]) {
                            case "say" -> System.out.print(arguments[1]);
                            case "read" -> System.out.print(System.in.readAllBytes().length);
                            case "write" -> java.nio.file.Files.writeString(java.nio.file.Path.of("bread"), "rye");
                            default -> {
                                java.nio.file.Files.writeString(java.nio.file.Path.of("dough"), "half");
                                System.err.println("the oven is hot\\nthe bread is burnt\\n");
                                System.exit(3);
                            }
                        }
                    }
                }
                """).toString();
    }

    @Test
    void returnsWhatTheProgramWrites() throws Exception {
        assertThat(java.run(folder, source, "say", "rye")).isEqualTo("rye".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void givesTheProgramNothingToWaitFor() throws Exception {
        assertThat(java.run(folder, source, "read")).isEqualTo("0".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void quotesTheLastLineOfAProgramThatFails() {
        assertThatIOException()
                .isThrownBy(() -> java.run(folder, source, "burn"))
                .withMessage("%s %s burn must end with status 0, but is 3. It last said: the bread is burnt"
                        .formatted(java.name(), source));
    }

    @Test
    void namesAProgramThatIsAbsentAndItsPackage() {
        assertThatIOException()
                .isThrownBy(() -> new Program("no-such-oven", "bakery").run(folder))
                .withMessage("no-such-oven must be installed and on the PATH, but cannot be run."
                        + " Debian has it in the package bakery");
    }

    @Test
    void fetchesTheFileThatTheProgramLeaves() throws Exception {
        assertThat(java.fetch(folder, source, "write"))
                .singleElement(PATH)
                .isEqualTo(folder.resolve("bread"))
                .hasContent("rye");
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(folder.resolve("bread"));
        }
    }

    @Test
    void fetchesNothingFromAProgramThatFails() {
        assertThatIOException().isThrownBy(() -> java.fetch(folder, source, "burn"));

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void namesAProgramThatLeavesNoFile() {
        assertThatIOException()
                .isThrownBy(() -> java.fetch(folder, source, "say", "rye"))
                .withMessage("%s %s say rye must write a file, but wrote none".formatted(java.name(), source));
        assertThat(folder).isEmptyDirectory();
    }
}
