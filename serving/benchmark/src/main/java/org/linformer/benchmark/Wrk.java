package org.linformer.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/**
 * What wrk measured in a round.
 *
 * @param seconds length of the round
 * @param rate answers with 200 a second, up to the last of them
 * @param answered answers with 200
 * @param refused answers with 429
 * @param errors other answers, and connections that failed
 * @param p50 median time of an answer, in milliseconds
 * @param p99 time in which 99 in 100 of the answers with 200 came, in milliseconds, or a bound above it where others
 *     were refused
 * @param engine50 median of the time that our service says it tokenized and computed, in milliseconds
 */
record Wrk(
        double seconds,
        double rate,
        long answered,
        long refused,
        long errors,
        double p50,
        double p99,
        double engine50) {

    private static final String SCRIPT = "serving/benchmark/requests.lua";
    private static final Duration LONGEST = Duration.ofMinutes(10);

    /** Clients that send their next text as soon as they have the vector of the last. */
    static Wrk closed(Server server, Path texts, int clients, Duration time) throws IOException, InterruptedException {
        return run(server, clients, time, texts, /* requests= */ 0, /* rate= */ 0);
    }

    /** Clients that send so many requests together, each its next as soon as it has the vector of the last. */
    static Wrk closed(Server server, Path texts, int clients, int requests) throws IOException, InterruptedException {
        return run(server, clients, LONGEST, texts, requests, /* rate= */ 0);
    }

    /** Requests at a rate, whatever the answers. */
    static Wrk open(Server server, Path texts, int connections, double rate, Duration time)
            throws IOException, InterruptedException {
        return run(server, connections, time, texts, /* requests= */ 0, rate);
    }

    private static Wrk run(Server server, int connections, Duration time, Path texts, int requests, double rate)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("wrk", "-t", "1", "-c", String.valueOf(connections)));
        command.addAll(List.of("-d", time.toSeconds() + "s", "--timeout", "600s", "-s", SCRIPT, server.url(), "--"));
        command.addAll(List.of(texts.toString(), String.valueOf(requests), String.valueOf(rate)));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Map<String, Double> results = new HashMap<>();
        said.lines()
                .map(line -> List.of(line.split(" ")))
                .filter(parts -> parts.get(0).equals("result"))
                .forEach(parts -> results.put(parts.get(1), Double.valueOf(parts.get(2))));
        if (process.waitFor() != 0 || results.size() != Wrk.class.getRecordComponents().length) {
            throw new IOException("wrk must end with its results, but said: " + said);
        }
        ToDoubleFunction<String> figure = name -> Objects.requireNonNull(results.get(name), name);
        Wrk round = new Wrk(
                figure.applyAsDouble("seconds"),
                figure.applyAsDouble("rate"),
                (long) figure.applyAsDouble("answered"),
                (long) figure.applyAsDouble("refused"),
                (long) figure.applyAsDouble("errors"),
                figure.applyAsDouble("p50"),
                figure.applyAsDouble("p99"),
                figure.applyAsDouble("engine50"));
        System.out.printf("%s, %s, %d connections: %s%n", server.name(), texts.getFileName(), connections, round);
        return round;
    }
}
