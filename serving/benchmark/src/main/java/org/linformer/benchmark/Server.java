package org.linformer.benchmark;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A server that this started, and ends with it.
 *
 * @param name its name in the tables
 * @param url where it answers
 * @param process its process
 */
record Server(String name, String url, Process process) implements AutoCloseable {

    static final String BFLOAT16 = "bfloat16";
    static final String JAR = "serving/target/linformer-serving.jar";

    private static final Path TARGET = Path.of("serving/benchmark/target");
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration START = Duration.ofMinutes(3);

    /** Our service, with its own settings but for these. */
    static Server ours(List<String> settings) throws IOException, InterruptedException {
        return service("linformer", 18081, settings);
    }

    /** The same in bfloat16, where the processor has it. */
    static Server bfloat16(List<String> settings) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(settings);
        all.add("--serving.precision=bfloat16");
        return service(BFLOAT16, 18085, all);
    }

    /** Our service with MiniLM's full attention, over up to 4,096 tokens. */
    static Server fullAttention() throws IOException, InterruptedException {
        Path folder = TARGET.resolve("full-attention");
        if (!Files.exists(folder.resolve("config.json"))) {
            try (Stream<Path> jars = Files.list(TARGET.resolve("lib"))) {
                Path jar = jars.filter(
                                file -> file.getFileName().toString().startsWith("langchain4j-embeddings-all-minilm"))
                        .findFirst()
                        .orElseThrow();
                run(List.of(
                        "java",
                        "-cp",
                        "model-zoo/target/linformer-model-zoo.jar:model-zoo/target/lib/*",
                        "org.linformer.zoo.cli.Main",
                        "import",
                        "all-minilm-l6-v2",
                        jar.toString(),
                        "--max-tokens",
                        "4096",
                        "--out",
                        folder.toString()));
            }
        }
        return service("full attention", 18082, List.of("--serving.models=./" + folder, Load.PATIENCE));
    }

    static Server springAi() throws IOException, InterruptedException {
        return rival("spring-ai", 18083);
    }

    static Server langChain4j() throws IOException, InterruptedException {
        return rival("langchain4j", 18084);
    }

    private static Server service(String name, int port, List<String> settings)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("java", "-Xmx1500m", "-jar", JAR));
        command.addAll(settings);
        return start(name, port, command);
    }

    private static Server rival(String name, int port) throws IOException, InterruptedException {
        return start(
                name,
                port,
                List.of(
                        "java",
                        "-Xmx1500m",
                        "-Dai.djl.offline=true",
                        "-cp",
                        TARGET.resolve("benchmark.jar").toString(),
                        "org.linformer.benchmark.rivals.RivalApplication",
                        "--rival=" + name));
    }

    private static Server start(String name, int port, List<String> command) throws IOException, InterruptedException {
        List<String> whole = new ArrayList<>(command);
        whole.add("--server.address=127.0.0.1");
        whole.add("--server.port=" + port);
        whole.add("--server.tomcat.keep-alive-timeout=1h"); // clients idle at the end of a long round
        Path log = TARGET.resolve(name.replace(' ', '-') + ".log");
        Process process = new ProcessBuilder(whole)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        Server server = new Server(name, "http://127.0.0.1:" + port, process);
        long deadline = System.nanoTime() + START.toNanos();
        while (!server.answers()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                process.destroy();
                throw new IOException(
                        "%s must answer within %s of its start, but does not; see %s".formatted(name, START, log));
            }
            TimeUnit.MILLISECONDS.sleep(500);
        }
        return server;
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException("%s must succeed, but fails".formatted(String.join(" ", command)));
        }
    }

    /** Whether it gives the vector of a short text. */
    boolean answers() throws IOException, InterruptedException {
        try {
            return ask("{\"input\":\"ready\"}").statusCode() == 200;
        } catch (ConnectException e) {
            return false;
        }
    }

    /** Asks for a vector. */
    HttpResponse<String> ask(String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/v1/embeddings"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** What our service tells Prometheus. */
    String metrics() throws IOException, InterruptedException {
        return get("/actuator/prometheus");
    }

    /** Whether all models of our service compute in bfloat16: a processor may not have it. */
    boolean computesInBfloat16() throws IOException, InterruptedException {
        return !get("/v1/models").contains("float32");
    }

    private String get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path)).build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    /** Waits until it has finished what clients that are gone had asked for. */
    void awaitIdle() throws InterruptedException {
        Duration before = cpu();
        while (true) {
            TimeUnit.MILLISECONDS.sleep(250);
            Duration now = cpu();
            if (now.minus(before).toMillis() < 30) {
                return;
            }
            before = now;
        }
    }

    private Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
