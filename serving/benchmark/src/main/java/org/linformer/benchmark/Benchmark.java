package org.linformer.benchmark;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Measures the service and writes a section of {@code serving/BENCHMARKS.md}. The first argument is what: load,
 * overload, soak or overhead; the others are settings of the service. Runs in the repository's root.
 *
 * <p>{@code -Dscale=0.1} makes all rounds a tenth as long, to try the benchmark itself; its section is only printed
 * then.
 */
public final class Benchmark {

    private static final double SCALE = Double.parseDouble(System.getProperty("scale", "1"));

    private Benchmark() {}

    /**
     * Runs it.
     *
     * @param arguments what is measured, and settings of the service
     * @throws IOException if a file cannot be read or written, or a server cannot be started
     * @throws InterruptedException if it is interrupted
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Locale.setDefault(Locale.ROOT);
        System.setProperty("ai.djl.offline", "true");
        String mode = arguments.length > 0 ? arguments[0] : "nothing";
        List<String> settings = Arrays.asList(arguments).subList(Math.min(1, arguments.length), arguments.length);
        String section = switch (mode) {
            case "load" -> Load.run(settings);
            case "overload" -> Overload.run(settings);
            case "soak" -> Soak.run(settings);
            case "overhead" -> Overhead.run(settings);
            default ->
                throw new IllegalArgumentException(
                        "mode must be one of [load, overload, soak, overhead], but is " + mode);
        };
        Report.write(mode, String.join(" ", arguments), section, /* isWhole= */ SCALE == 1);
    }

    /** The length of a round, shorter where the benchmark is only tried. */
    static Duration seconds(int seconds) {
        return Duration.ofSeconds(scaled(seconds));
    }

    /** A number of seconds or requests, smaller where the benchmark is only tried. */
    static int scaled(int number) {
        return Math.max(1, (int) Math.round(number * SCALE));
    }
}
