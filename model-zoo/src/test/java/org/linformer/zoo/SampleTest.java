package org.linformer.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample application, compiled and run with what Maven gives to one that depends on the zoo, and with no more. */
class SampleTest {

    private static final Pattern OF_AN_APPLICATION =
            Pattern.compile(".*[/\\\\](ai[/\\\\]djl|commons-(codec|compress|io)|gson"
                    + "|jna|jspecify|slf4j-api|linformer-block|model-zoo[/\\\\]target[/\\\\]classes)([/\\\\].*)?");

    private static final String CLASS_PATH = Stream.of(
                    System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> OF_AN_APPLICATION.matcher(entry).matches())
            .collect(Collectors.joining(File.pathSeparator));

    @Test
    void labelsTheTextThatItIsGiven(@TempDir Path classes) throws Exception {
        int compiled = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-Xlint:all",
                        "-cp",
                        CLASS_PATH,
                        "-d",
                        classes.toString(),
                        "sample/src/main/java/com/example/Sample.java");
        assertThat(compiled).isZero();
        Path said = classes.resolve("said.txt");

        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dai.djl.offline=true",
                        "-cp",
                        classes + File.pathSeparator + CLASS_PATH,
                        "com.example.Sample",
                        "You have been selected to receive a FREE cash prize. Click here now!")
                .redirectOutput(said.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();

        assertThat(process.waitFor()).isZero();
        List<String> lines = Files.readAllLines(said).stream()
                .filter(line -> line.matches("(spam|ham) .*")) // the JVM may warn there too
                .toList();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).matches("spam [01][.,]\\d{4}");
        assertThat(lines.get(1)).startsWith("ham ");
    }
}
