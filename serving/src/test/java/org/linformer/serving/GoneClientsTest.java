package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

/** One text to a batch and one batch at a time, so that the worker looks again at what waits after each. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {
            "serving.models=spam-linformer,debian-topic",
            "serving.max-batch-tokens=4096",
            "serving.workers=1",
            "serving.request-timeout=10m"
        })
@Timeout(600)
class GoneClientsTest {

    @LocalServerPort
    private int port;

    @Autowired
    private MeterRegistry meters;

    private CompletableFuture<HttpResponse<String>> longRequest;

    @BeforeEach
    void keepTheWorkerBusy() throws InterruptedException {
        double before = tokenized("spam-linformer");
        String text = "\"%s\"".formatted("word ".repeat(4000));
        String body = "{\"model\": \"spam-linformer\", \"text\": [%s]}"
                .formatted(String.join(",", Collections.nCopies(8, text)));
        longRequest = HttpClient.newHttpClient()
                .sendAsync(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/v1/classify".formatted(port)))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        waitUntilTokenized("spam-linformer", before + 1);
    }

    @Test
    void dropsTheTextsOfAClientThatHasGone() throws Exception {
        double askedBefore = tokenized("debian-topic");
        double computedBefore = computed("debian-topic");
        double goneBefore = gone();

        try (Socket socket = new Socket("127.0.0.1", port)) {
            send(socket, post("Content-Length: 50\r\n\r\n{\"model\": \"debian-topic\", \"text\": \"a mail server\"}"));
            waitUntilTokenized("debian-topic", askedBefore + 1);
        }

        assertThat(longRequest.join().statusCode()).isEqualTo(200);
        assertThat(computed("debian-topic")).isEqualTo(computedBefore);
        await().untilAsserted(() -> assertThat(gone()).isEqualTo(goneBefore + 1));
        assertThat(meters.get("linformer.requests")
                        .tags("model", "debian-topic", "outcome", "client_gone")
                        .timer()
                        .count())
                .isPositive();
    }

    @Test
    void answersAClientThatSendsItsNextRequestBeforeItHasItsAnswer() throws Exception {
        double askedBefore = tokenized("debian-topic");
        double goneBefore = gone();

        try (Socket socket = new Socket("127.0.0.1", port)) {
            send(
                    socket,
                    post("Transfer-Encoding: chunked\r\n\r\n"
                            + "32\r\n{\"model\": \"debian-topic\", \"text\": \"a mail server\"}\r\n0\r\n\r\n"));
            waitUntilTokenized("debian-topic", askedBefore + 1);
            send(socket, "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

            String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(answers).startsWith("HTTP/1.1 200").contains("\"label\"");
            assertThat(answers.split("HTTP/1.1 200")).hasSize(3);
        }
        assertThat(longRequest.join().statusCode()).isEqualTo(200);
        assertThat(gone()).isEqualTo(goneBefore);
    }

    private static String post(String rest) {
        return "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + rest;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private void waitUntilTokenized(String model, double requests) throws InterruptedException {
        while (tokenized(model) < requests) {
            assertThat(longRequest).isNotDone();
            Thread.sleep(5);
        }
    }

    private double tokenized(String model) {
        return meters.find("linformer.tokenize.time").tag("model", model).timers().stream()
                .mapToLong(timer -> timer.count())
                .sum();
    }

    /** Texts that went through a model. */
    private double computed(String model) {
        return meters.get("linformer.batch.size").tag("model", model).summary().totalAmount();
    }

    private double gone() {
        return meters.find("linformer.rejected").tag("reason", "client_gone").counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }
}
