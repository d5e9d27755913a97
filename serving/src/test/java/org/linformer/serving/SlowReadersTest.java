package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Clients that ask for the vectors of all tokens, some 8 MB of JSON, and do not read them. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {
            "serving.models=minilm-linformer-4k",
            "serving.limits.minilm-linformer-4k.max-tokens=2048",
            "serving.max-batch-tokens=2048",
            "server.tomcat.connection-timeout=10m"
        })
@Timeout(300)
class SlowReadersTest {

    @LocalServerPort
    private int port;

    @Autowired
    private MeterRegistry meters;

    private final HttpClient client = HttpClient.newHttpClient();

    private HttpResponse<String> embedAll(String text) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/embed_all".formatted(port)))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"inputs\": \"%s\"}".formatted(text)))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private Socket askAndDoNotRead() throws Exception {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        String body = "{\"inputs\": \"%s\"}".formatted("word ".repeat(2000));
        socket.getOutputStream()
                .write(
                        "POST /embed_all HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                                .formatted(body.length(), body)
                                .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private double computed() {
        return meters.find("linformer.requests").tags("task", "embed_tokens", "outcome", "success").timers().stream()
                .mapToLong(timer -> timer.count())
                .sum();
    }

    @Test
    void holdsTheVectorsOfNoMoreTokensThanFourBatchesHave() throws Exception {
        assertThat(embedAll("onions").statusCode()).isEqualTo(200);
        double before = computed();
        List<Socket> slow = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            slow.add(askAndDoNotRead());
        }
        while (computed() < before + 4) {
            Thread.sleep(20);
        }

        HttpResponse<String> refused = embedAll("word ".repeat(400));

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("Retry-After")).contains("1");
        assertThat(refused.body())
                .contains(
                        "vectors of at most 8192 tokens may be computed or read at once, but others have not read theirs yet");
        byte[] answer = slow.get(0).getInputStream().readAllBytes();
        assertThat(answer.length).isGreaterThan(4_000_000);
        while (embedAll("word ".repeat(400)).statusCode() != 200) {
            Thread.sleep(20);
        }
        // who goes away in the middle of an answer gives its place back too
        for (Socket socket : slow) {
            socket.close();
        }
        for (int answered = 0; answered < 4; ) {
            Socket socket = askAndDoNotRead();
            slow.add(socket);
            String status = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            answered += status.equals("HTTP/1.1 200") ? 1 : 0;
        }
        for (Socket socket : slow) {
            socket.close();
        }
    }
}
