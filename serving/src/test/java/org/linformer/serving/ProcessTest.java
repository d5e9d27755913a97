package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The service as a process of its own, and what an operating system does to it. */
@EnabledOnOs(OS.LINUX)
class ProcessTest {

    /** A bound on what hangs, not on what is slow. */
    private static final Duration LONG = Duration.ofMinutes(10);

    @TempDir
    private Path folder;

    private final List<Process> processes = new ArrayList<>();
    private final HttpClient client = HttpClient.newHttpClient();

    private int port;

    @AfterEach
    void killAll() throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    @ParameterizedTest(name = "SIG{0}")
    @CsvSource({"TERM, 143", "INT, 130"})
    void answersWhatWasLetInBeforeItStops(String signal, int status) throws Exception {
        assumeFalse(isIgnored(status - 128), "left out: a job in the background does not hear of Ctrl-C");
        Process service = start(
                folder.resolve("log").toFile(),
                Map.of("SERVING_REQUEST_TIMEOUT", "10m", "SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE", "10m"));
        List<CompletableFuture<HttpResponse<String>>> answers =
                IntStream.range(0, 20).mapToObj(i -> classify(500 + i)).toList();
        // what is tokenized was let in, whether it still waits or not
        await().atMost(LONG)
                .until(() -> metric("linformer_tokenize_time_seconds_count{model=\"spam-linformer\",task=\"classify\"}")
                        >= answers.size());

        new ProcessBuilder("kill", "-" + signal, String.valueOf(service.pid()))
                .start()
                .waitFor();

        assertThat(answers)
                .allSatisfy(answer -> assertThat(answer.join().statusCode()).isEqualTo(200));
        assertThat(service.waitFor(LONG.toMinutes(), TimeUnit.MINUTES)).isTrue();
        assertThat(service.exitValue()).isEqualTo(status);
        assertThat(Files.readString(folder.resolve("log"))).doesNotContain(" ERROR ", "Xyzzy");
        assertThat(classify(1).handle((answer, failure) -> failure).join()).isNotNull();
    }

    @Test
    void startsAgainAfterItWasKilled() throws Exception {
        Process service = start(folder.resolve("log").toFile());
        CompletableFuture<HttpResponse<String>> lost = classify(1000);
        service.destroyForcibly().waitFor();

        assertThat(lost.handle((answer, failure) -> failure).join()).isNotNull();
        start(folder.resolve("log").toFile());
        assertThat(classify(1000).join().statusCode()).isEqualTo(200);
    }

    @Test
    void answersThoughNothingCanBeLogged() throws Exception {
        start(new File("/dev/full"));

        assertThat(classify(10).join().statusCode()).isEqualTo(200);
        // this one is logged as an error
        assertThat(client.send(
                                request("/v1/models/spam-linformer/reload")
                                        .POST(HttpRequest.BodyPublishers.noBody())
                                        .build(),
                                HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(409);
        assertThat(classify(10).join().statusCode()).isEqualTo(200);
    }

    @Test
    void logsInJsonWhereItIsTold() throws Exception {
        File log = folder.resolve("log").toFile();
        Process service = start(log, Map.of("LOGGING_STRUCTURED_FORMAT_CONSOLE", "ecs"));
        assertThat(classify(10).join().statusCode()).isEqualTo(200);
        service.destroy();
        assertThat(service.waitFor(LONG.toMinutes(), TimeUnit.MINUTES)).isTrue();

        // PyTorch itself warns beside the log
        List<String> lines = Files.readAllLines(log.toPath()).stream()
                .filter(line -> !line.startsWith("[W"))
                .toList();
        assertThat(lines)
                .anySatisfy(line -> assertThat(line).contains("spam-linformer"))
                .allSatisfy(line -> {
                    JsonNode entry = new JsonMapper().readTree(line);
                    assertThat(entry.at("/@timestamp").asString()).isNotEmpty();
                    assertThat(entry.at("/log/level").asString()).isIn("INFO", "WARN");
                    assertThat(entry.at("/message").asString()).isNotEmpty();
                    assertThat(line).doesNotContain("Xyzzy");
                });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SERVER_PORT | many | server.port;many",
                "SERVING_MAX_TEXT | 3 | SERVING_MAX_TEXT must be a setting, but is none",
                "SERVING_MODELS | spam | model must be one of [minilm-linformer-4k, spam-linformer, debian-topic, imdb-sentiment], or a folder;but is spam",
                "SERVING_LIMITS_SPAM_MAXTOKENS | 9 | must be of models that are served, [spam-linformer], but are of [spam] too",
                "SERVING_WORKERS | -1 | serving.workers must be greater than or equal to 0, but is -1",
            })
    void doesNotStartWithAWrongSetting(String variable, String value, String words) throws Exception {
        File log = folder.resolve("log").toFile();

        Map<String, String> settings = new HashMap<>(Map.of("SERVING_MODELS", "spam-linformer"));
        settings.put(variable, value);
        Process process = process(log, settings);

        assertThat(process.waitFor(LONG.toMinutes(), TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(log)
                .content()
                .contains("APPLICATION FAILED TO START")
                .contains(words.split(";"))
                .doesNotContain("\tat ");
    }

    @Test
    void tellsItsVersionAndDoesNotStart() throws Exception {
        File log = folder.resolve("log").toFile();

        Process process = process(log, Map.of(), "--version");

        assertThat(process.waitFor(LONG.toMinutes(), TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isZero();
        assertThat(log).hasContent("linformer-serving unpackaged");
    }

    /** Whether this process, and so what it starts, was started with a signal ignored. */
    private static boolean isIgnored(int signal) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .mapToLong(line -> Long.parseUnsignedLong(
                        line.substring("SigIgn:".length()).strip(), 16))
                .anyMatch(ignored -> (ignored >> (signal - 1) & 1) == 1);
    }

    private Process start(File log) throws Exception {
        return start(log, Map.of());
    }

    private Process start(File log, Map<String, String> settings) throws Exception {
        Map<String, String> all = new HashMap<>(settings);
        all.put("SERVING_MODELS", "spam-linformer");
        Process process = process(log, all);
        await().atMost(LONG)
                .ignoreExceptionsInstanceOf(IOException.class)
                .failFast("the service must start: " + log, () -> !process.isAlive())
                .until(() ->
                        client.send(request("/actuator/health/readiness").build(), HttpResponse.BodyHandlers.ofString())
                                        .statusCode()
                                == 200);
        return process;
    }

    private Process process(File log, Map<String, String> settings, String... arguments) throws IOException {
        port = freePort();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                ServingApplication.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log));
        builder.environment().put("SERVER_PORT", String.valueOf(port));
        builder.environment().putAll(settings);
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private CompletableFuture<HttpResponse<String>> classify(int words) {
        return client.sendAsync(
                request("/v1/classify")
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"text\": \"%s\"}".formatted("Xyzzy ".repeat(words))))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private double metric(String name) throws Exception {
        return client.send(request("/actuator/prometheus").build(), HttpResponse.BodyHandlers.ofString())
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
                .findFirst()
                .orElse(0);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    }
}
