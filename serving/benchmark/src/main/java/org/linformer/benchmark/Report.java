package org.linformer.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The file {@code serving/BENCHMARKS.md}. */
final class Report {

    private static final Path FILE = Path.of("serving/BENCHMARKS.md");
    private static final List<String> MACHINE = List.of("Model name:", "CPU(s):", "L3 cache:", "Hypervisor vendor:");

    private static final String HEAD = """
            # Benchmarks of the service

            Every section is written by the program that measured it, `serving/benchmark`, with wrk as the client on the same machine:

            ```
            mvn -q package -DskipTests && mvn -q -f serving/benchmark package
            java -jar serving/benchmark/target/benchmark.jar load
            ```

            `load`, `overload`, `soak` and `overhead` are what it measures; settings of the service may follow. Every request has one
            text, English and other than the one before; the tokens are those of the model's tokenizer, special tokens counted.
            """;

    private Report() {}

    /** Prints a section, and puts it in the place of the one that is there unless the rounds were too short to be published. */
    static void write(String mode, String arguments, String section, boolean isWhole)
            throws IOException, InterruptedException {
        String begin = "<!-- %s -->\n".formatted(mode);
        String end = "<!-- end of %s -->\n".formatted(mode);
        String[] titleAndRest = section.split("\n", 2);
        String whole = begin
                + titleAndRest[0]
                + "\n\n`java -jar serving/benchmark/target/benchmark.jar %s`; %s, %s; %s; Java %s.\n"
                        .formatted(
                                arguments,
                                LocalDate.now(ZoneOffset.UTC),
                                version(),
                                machine(),
                                System.getProperty("java.version"))
                + titleAndRest[1]
                + end;
        System.out.println(whole);
        if (!isWhole) {
            return;
        }
        String text = Files.exists(FILE) ? Files.readString(FILE) : HEAD;
        int from = text.indexOf(begin);
        int to = text.indexOf(end);
        Files.writeString(
                FILE,
                from < 0 ? text + "\n" + whole : text.substring(0, from) + whole + text.substring(to + end.length()));
    }

    static String row(Object... cells) {
        return Arrays.stream(cells).map(String::valueOf).collect(Collectors.joining(" | ", "| ", " |\n"));
    }

    /** Head of a table. */
    static String head(String... names) {
        return row((Object[]) names) + row(Stream.of(names).map(name -> "---").toArray());
    }

    /** Three significant digits or all before the point. */
    static String number(double value) {
        return value < 10 ? "%.2f".formatted(value) : value < 100 ? "%.1f".formatted(value) : "%,.0f".formatted(value);
    }

    static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static String machine() throws IOException, InterruptedException {
        return said("lscpu")
                .lines()
                .filter(line -> MACHINE.stream().anyMatch(line::startsWith))
                .map(line -> line.replaceAll("\\s+", " "))
                .collect(Collectors.joining(", "));
    }

    private static String version() throws IOException, InterruptedException {
        return said("java", "-jar", Server.JAR, "--version").strip();
    }

    private static String said(String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
