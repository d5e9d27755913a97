package org.linformer.benchmark;

import static org.linformer.benchmark.Benchmark.seconds;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Half an hour of mixed traffic: does the process grow? */
final class Soak {

    private static final int CLIENTS = 8;
    private static final int ROWS = 10;

    /** Samples in a minute. */
    private static final int MINUTE = 6;

    private static final String TEXT = """
            ## Soak

            %d clients ask %s for vectors and labels of texts of 16, 128, 1,000 and 4,000 tokens, mixed: %,d answers, %d errors. Each %d seconds
            the service is asked for its memory, in MiB. *resident* is that of the process, and the sum of *heap* (all that Java has taken
            for it), *classes and code* of the JVM, *direct* buffers, *native* (the engine's weights and tensors, threads, and what the
            allocator keeps) and *files*, libraries and jars that are mapped. *in use* is the least of the heap that was
            in use within a minute, which is about what a collection leaves. The slopes are those after the first third, in MiB an hour (least
            squares, with the standard error), and the resident memory was %s MiB at most then.

            """;

    /** Memory in MiB, so many hours after the start. */
    private record Sample(
            double hours, double resident, double heap, double inUse, double code, double direct, double ofEngine) {

        static Sample of(double hours, Server server) throws IOException, InterruptedException {
            String metrics = server.metrics();
            return new Sample(
                    hours,
                    sum(metrics, "linformer_memory_resident_bytes"),
                    sum(metrics, "jvm_memory_committed_bytes{area=\"heap\""),
                    sum(metrics, "jvm_memory_used_bytes{area=\"heap\""),
                    sum(metrics, "jvm_memory_committed_bytes{area=\"nonheap\""),
                    sum(metrics, "jvm_buffer_memory_used_bytes{id=\"direct\""),
                    sum(metrics, "linformer_memory_native_bytes"));
        }

        private static double sum(String metrics, String series) {
            return metrics.lines()
                            .filter(line -> line.startsWith(series))
                            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                            .sum()
                    / (1 << 20);
        }

        double files() {
            return resident - heap - code - direct - ofEngine;
        }

        Sample withInUse(double least) {
            return new Sample(hours, resident, heap, least, code, direct, ofEngine);
        }
    }

    private static final Map<String, ToDoubleFunction<Sample>> COLUMNS = columns();

    private Soak() {}

    private static Map<String, ToDoubleFunction<Sample>> columns() {
        Map<String, ToDoubleFunction<Sample>> columns = new LinkedHashMap<>();
        columns.put("resident", Sample::resident);
        columns.put("heap", Sample::heap);
        columns.put("in use", Sample::inUse);
        columns.put("classes and code", Sample::code);
        columns.put("direct", Sample::direct);
        columns.put("native", Sample::ofEngine);
        columns.put("files", Sample::files);
        return columns;
    }

    static String run(List<String> settings) throws IOException, InterruptedException {
        Texts.write();
        Duration time = seconds(30 * 60);
        Duration every = seconds(10);
        List<Sample> samples = new ArrayList<>();
        try (Server server = Server.ours(settings)) {
            CompletableFuture<Wrk> traffic = CompletableFuture.supplyAsync(() -> traffic(server, time));
            long start = System.nanoTime();
            while (!traffic.isDone()) {
                samples.add(Sample.of((System.nanoTime() - start) / 3.6e12, server));
                TimeUnit.MILLISECONDS.sleep(every.toMillis());
            }
            Wrk round = traffic.join();
            return TEXT.formatted(
                            CLIENTS,
                            "for %s minutes".formatted(Report.number(time.toSeconds() / 60.0)),
                            round.answered(),
                            round.errors() + round.refused(),
                            every.toSeconds(),
                            Report.number(samples.stream()
                                    .skip(samples.size() / 3)
                                    .mapToDouble(Sample::resident)
                                    .max()
                                    .orElseThrow()))
                    + table(leasts(samples));
        }
    }

    private static List<Sample> leasts(List<Sample> samples) {
        return IntStream.range(0, samples.size())
                .mapToObj(i -> samples.get(i)
                        .withInUse(samples.subList(Math.max(0, i - MINUTE + 1), i + 1).stream()
                                .mapToDouble(Sample::inUse)
                                .min()
                                .orElseThrow()))
                .toList();
    }

    private static String table(List<Sample> samples) {
        List<String> head = new ArrayList<>(List.of("minutes"));
        head.addAll(COLUMNS.keySet());
        StringBuilder table = new StringBuilder(Report.head(head.toArray(String[]::new)));
        for (int i = 0; i <= ROWS; i++) {
            Sample sample = samples.get(i * (samples.size() - 1) / ROWS);
            List<String> row = new ArrayList<>(List.of("%.1f".formatted(60 * sample.hours())));
            COLUMNS.values().forEach(column -> row.add(Report.number(column.applyAsDouble(sample))));
            table.append(Report.row(row.toArray()));
        }
        List<String> slopes = new ArrayList<>(List.of("slope"));
        List<Sample> warm = samples.subList(samples.size() / 3, samples.size());
        COLUMNS.values().forEach(column -> slopes.add(slope(warm, column)));
        return table.append(Report.row(slopes.toArray())).toString();
    }

    private static Wrk traffic(Server server, Duration time) {
        try {
            return Wrk.closed(server, Texts.mixed(), CLIENTS, time);
        } catch (IOException e) {
            throw new CompletionException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CompletionException(e);
        }
    }

    /** The slope of the line through the samples, and its standard error. */
    private static String slope(List<Sample> samples, ToDoubleFunction<Sample> column) {
        double x = samples.stream().mapToDouble(Sample::hours).average().orElseThrow();
        double y = samples.stream().mapToDouble(column).average().orElseThrow();
        double xx = 0;
        double xy = 0;
        double yy = 0;
        for (Sample sample : samples) {
            double value = column.applyAsDouble(sample);
            xx += (sample.hours() - x) * (sample.hours() - x);
            xy += (sample.hours() - x) * (value - y);
            yy += (value - y) * (value - y);
        }
        double slope = xy / xx;
        return "%+.1f ± %.1f".formatted(slope, Math.sqrt(Math.max(0, yy - slope * xy) / (samples.size() - 2) / xx));
    }
}
