package org.linformer.zoo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.linformer.zoo.TextModel;
import org.linformer.zoo.Truncation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures what loading a model takes. */
@Command(
        name = "load",
        description =
                "Loads a model some times beside itself, and tells the seconds and, on Linux, the memory of each.")
final class Load implements Callable<Integer> {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path PEAK = Path.of("/proc/self/clear_refs");
    private static final String RESET = "5";

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model of the zoo, or a model's folder.")
    private String model = "";

    @Option(
            names = "--precision",
            defaultValue = TextModel.FLOAT32,
            description = "float32, or bfloat16 where the processor has it. Default: ${DEFAULT-VALUE}.")
    private String precision = "";

    @Option(names = "--times", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
    private int times;

    @Override
    public Integer call() throws Exception {
        if (times < 1) {
            throw new IllegalArgumentException("times must be positive, but is " + times);
        }
        System.out.printf(
                "| %s, %s | seconds | to the first answer | MiB more then | MiB more at most |%n", model, precision);
        System.out.println("| --- | --- | --- | --- | --- |");
        boolean isLinux = Files.isWritable(PEAK);
        List<TextModel<float[]>> open = new ArrayList<>();
        try {
            for (int i = 1; i <= times; i++) {
                System.gc();
                long before = isLinux ? mebibytes("VmRSS:") : 0;
                if (isLinux) {
                    Files.writeString(PEAK, RESET);
                }
                long start = System.nanoTime();
                TextModel<float[]> loaded = new TextModel<>(model, float[].class, precision);
                open.add(loaded);
                double seconds = seconds(start);
                loaded.answer(loaded.tokenize(List.of("one text"), Truncation.NONE), TextModel.BATCH_TOKENS);
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %.2f | %.2f | %s | %s |%n",
                        i == 1 ? "first, with the engine's start" : "one more",
                        seconds,
                        seconds(start),
                        isLinux ? mebibytes("VmRSS:") - before : "-",
                        isLinux ? mebibytes("VmHWM:") - before : "-");
            }
        } finally {
            open.forEach(TextModel::close);
        }
        return 0;
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static long mebibytes(String field) throws IOException {
        return Files.readAllLines(STATUS).stream()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .sum();
    }
}
