package org.linformer.benchmark;

import static org.linformer.benchmark.Benchmark.seconds;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Half an hour of mixed traffic: does the process grow? */
final class Soak {

    private static final int CLIENTS = 8;
    private static final int ROWS = 10;

    private static final String TEXT = """
            ## Soak

            %d clients ask %s for vectors and labels of texts of 16, 128, 1,000 and 4,000 tokens, mixed: %,d answers, %d errors. Memory is the
            process's resident memory, `linformer_memory_resident_bytes`, each %d seconds. After the first third, %s MiB at most, it has a slope of
            **%+.1f MiB an hour** (least squares, standard error %.1f).

            """;

    /** Resident memory, in MiB, so many hours after the start. */
    private record Sample(double hours, double memory) {}

    private Soak() {}

    static String run(List<String> settings) throws IOException, InterruptedException {
        Texts.write();
        Duration time = seconds(30 * 60);
        Duration every = seconds(10);
        List<Sample> samples = new ArrayList<>();
        try (Server server = Server.ours(settings)) {
            CompletableFuture<Wrk> traffic = CompletableFuture.supplyAsync(() -> traffic(server, time));
            long start = System.nanoTime();
            while (!traffic.isDone()) {
                samples.add(new Sample((System.nanoTime() - start) / 3.6e12, server.memory()));
                TimeUnit.MILLISECONDS.sleep(every.toMillis());
            }
            Wrk round = traffic.join();
            List<Sample> warm = samples.subList(samples.size() / 3, samples.size());
            double[] slope = slope(warm);
            StringBuilder section = new StringBuilder(TEXT.formatted(
                    CLIENTS,
                    "for %s minutes".formatted(Report.number(time.toSeconds() / 60.0)),
                    round.answered(),
                    round.errors() + round.refused(),
                    every.toSeconds(),
                    Report.number(
                            warm.stream().mapToDouble(Sample::memory).max().orElseThrow()),
                    slope[0],
                    slope[1]));
            section.append(Report.head("minutes", "MiB"));
            for (int i = 0; i <= ROWS; i++) {
                Sample sample = samples.get(i * (samples.size() - 1) / ROWS);
                section.append(Report.row("%.1f".formatted(60 * sample.hours()), Report.number(sample.memory())));
            }
            return section.toString();
        }
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
    private static double[] slope(List<Sample> samples) {
        double x = samples.stream().mapToDouble(Sample::hours).average().orElseThrow();
        double y = samples.stream().mapToDouble(Sample::memory).average().orElseThrow();
        double xx = 0;
        double xy = 0;
        double yy = 0;
        for (Sample sample : samples) {
            xx += (sample.hours() - x) * (sample.hours() - x);
            xy += (sample.hours() - x) * (sample.memory() - y);
            yy += (sample.memory() - y) * (sample.memory() - y);
        }
        double slope = xy / xx;
        return new double[] {slope, Math.sqrt(Math.max(0, yy - slope * xy) / (samples.size() - 2) / xx)};
    }
}
