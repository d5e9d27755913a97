package org.linformer.benchmark;

import static org.linformer.benchmark.Benchmark.seconds;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Throughput and waiting time by length and number of clients, beside the rivals. */
final class Load {

    /** 64 long texts wait longer than a caller would: this alone differs from the service's defaults. */
    static final String PATIENCE = "--serving.request-timeout=10m";

    private static final Pattern VECTOR = Pattern.compile("\"embedding\":\\[([^]]+)]");
    private static final double SAME = 0.999;
    private static final int LONG = 4000;

    /** Rounds of each server, and the requests in a round: all servers answer as many, so that none is measured by few. */
    private record Cell(int tokens, int clients, int rounds, int requests) {}

    private static final List<Cell> CELLS = List.of(
            new Cell(16, 1, 3, 200),
            new Cell(16, 8, 3, 400),
            new Cell(16, 64, 3, 640),
            new Cell(128, 1, 3, 60),
            new Cell(128, 8, 3, 120),
            new Cell(128, 64, 3, 192),
            new Cell(1000, 1, 3, 10),
            new Cell(1000, 8, 3, 24),
            new Cell(1000, 64, 1, 64),
            new Cell(LONG, 1, 1, 8),
            new Cell(LONG, 8, 1, 16),
            new Cell(LONG, 64, 1, 64));

    private static final String TEXT = """
            ## Load

            *linformer* is this service with `minilm-linformer-4k`, *bfloat16* the same with `--serving.precision=bfloat16` (left out where the
            processor has none), *full attention* the same with MiniLM's own encoder over 4,096
            positions through PyTorch's fused kernel (only at 4,000 tokens), *spring-ai* Spring AI's `TransformersEmbeddingModel` and
            *langchain4j* LangChain4j's `OnnxEmbeddingModel`, each as a Spring Boot service with its defaults. All but *bfloat16* are float32. All have
            the weights of all-MiniLM-L6-v2, get the same bytes, and read all tokens: the two rivals those behind their 512 positions
            in windows of 510, whose mean is the vector. Before the rounds their vectors of a text of 128 tokens are compared, and each server
            answers 8 clients with texts of 16 tokens for 45 seconds, by which Java has compiled most of its code, and some longer texts. The servers take turns within a
            cell, three times, and once with 4,000 tokens and with 64 clients of 1,000; figures are medians over the rounds, and the last columns
            are the medians of *linformer*'s and of *bfloat16*'s throughput over the
            other's in the same round. A round is so many requests, and its throughput these over the time until the last is answered. Errors are
            answers other than 200, and broken connections. So that the last of 64 long texts is waited for, *linformer* runs with
            `--serving.request-timeout=10m`.

            """;

    private Load() {}

    static String run(List<String> settings) throws IOException, InterruptedException {
        Texts.write();
        List<String> ours = new ArrayList<>(List.of("--serving.models=minilm-linformer-4k", PATIENCE));
        ours.addAll(settings);
        StringBuilder section = new StringBuilder(TEXT)
                .append(Report.head(
                        "tokens",
                        "clients",
                        "requests",
                        "server",
                        "texts/s",
                        "p50, ms",
                        "p99, ms",
                        "errors",
                        "linformer/this",
                        "bfloat16/this"));
        try (Server linformer = Server.ours(ours);
                Server bfloat16 = Server.bfloat16(ours);
                Server springAi = Server.springAi();
                Server langChain4j = Server.langChain4j();
                Server full = Server.fullAttention()) {
            List<Server> all = new ArrayList<>(List.of(linformer, springAi, langChain4j));
            if (bfloat16.computesInBfloat16()) {
                all.add(1, bfloat16);
            }
            List<Server> withFull = new ArrayList<>(all);
            withFull.add(full);
            requireSameWork(withFull);
            warmUp(withFull);
            for (Cell cell : CELLS) {
                section.append(rows(cell, cell.tokens() == LONG ? withFull : all));
            }
        }
        return section.toString();
    }

    /** No speed without correctness: the same vectors of short texts, and the end of a long one makes a difference. */
    private static void requireSameWork(List<Server> servers) throws IOException, InterruptedException {
        String text = firstBody(128);
        String longText = firstBody(LONG);
        String beginning = longText.substring(0, longText.length() / 2) + "\"}";
        float[] expected = vector(servers.get(0), text);
        for (Server server : servers) {
            double same = cosine(vector(server, text), expected);
            if (same < SAME) {
                throw new IllegalStateException("%s must give the vector of %s, but the cosine is %f"
                        .formatted(server.name(), servers.get(0).name(), same));
            }
            if (cosine(vector(server, longText), vector(server, beginning)) > SAME) {
                throw new IllegalStateException(
                        "%s must read a text to its end, but does not".formatted(server.name()));
            }
        }
    }

    private static String firstBody(int tokens) throws IOException {
        try (Stream<String> lines = Files.lines(Texts.ofLength(tokens))) {
            return lines.findFirst().orElseThrow().split(" ", 2)[1];
        }
    }

    private static float[] vector(Server server, String body) throws IOException, InterruptedException {
        String answer = server.ask(body).body();
        Matcher matcher = VECTOR.matcher(answer);
        if (!matcher.find()) {
            throw new IOException("%s must answer with a vector, but said %s".formatted(server.name(), answer));
        }
        List<String> numbers = List.of(matcher.group(1).split(","));
        float[] vector = new float[numbers.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = Float.parseFloat(numbers.get(i));
        }
        return vector;
    }

    private static double cosine(float[] a, float[] b) {
        double product = 0;
        double squareA = 0;
        double squareB = 0;
        for (int i = 0; i < a.length; i++) {
            product += a[i] * b[i];
            squareA += a[i] * a[i];
            squareB += b[i] * b[i];
        }
        return product / Math.sqrt(squareA * squareB);
    }

    private static void warmUp(List<Server> servers) throws IOException, InterruptedException {
        for (Server server : servers) {
            Wrk.closed(server, Texts.ofLength(16), 8, seconds(45));
            for (int tokens : List.of(128, 1000, LONG)) {
                Wrk.closed(server, Texts.ofLength(tokens), 2, seconds(4));
            }
            server.awaitIdle();
        }
    }

    private static String rows(Cell cell, List<Server> servers) throws IOException, InterruptedException {
        Path texts = Texts.ofLength(cell.tokens());
        List<List<Wrk>> rounds = new ArrayList<>();
        servers.forEach(server -> rounds.add(new ArrayList<>()));
        int requests = Benchmark.scaled(cell.requests());
        for (int round = 0; round < cell.rounds(); round++) {
            for (int i = 0; i < servers.size(); i++) {
                rounds.get(i).add(Wrk.closed(servers.get(i), texts, cell.clients(), requests));
                servers.get(i).awaitIdle();
            }
        }
        int half = servers.stream().map(Server::name).toList().indexOf(Server.BFLOAT16);
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < servers.size(); i++) {
            List<Wrk> of = rounds.get(i);
            rows.append(Report.row(
                    cell.tokens(),
                    cell.clients(),
                    requests,
                    servers.get(i).name(),
                    median(of, Wrk::rate),
                    median(of, Wrk::p50),
                    median(of, Wrk::p99),
                    of.stream()
                            .mapToLong(each -> each.errors() + each.refused())
                            .sum(),
                    i == 0 ? "" : ratio(rounds.get(0), of),
                    half < 0 || i == half ? "" : ratio(rounds.get(half), of)));
        }
        return rows.toString();
    }

    private static String ratio(List<Wrk> ours, List<Wrk> others) {
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < ours.size(); round++) {
            ratios.add(ours.get(round).rate() / others.get(round).rate());
        }
        return "%.2f".formatted(Report.median(ratios));
    }

    private static String median(List<Wrk> rounds, ToDoubleFunction<Wrk> figure) {
        return Report.number(
                Report.median(rounds.stream().map(figure::applyAsDouble).toList()));
    }
}
