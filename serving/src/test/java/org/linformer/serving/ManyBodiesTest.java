package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
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

/** Clients that send nearly all of a body. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {
            "serving.models=debian-topic",
            "serving.max-request-size=1000B",
            "server.tomcat.connection-timeout=10m"
        })
@Timeout(300)
class ManyBodiesTest {

    @LocalServerPort
    private int port;

    @Autowired
    private MeterRegistry meters;

    private final HttpClient client = HttpClient.newHttpClient();

    private HttpResponse<String> classify(String text) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/v1/classify".formatted(port)))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"%s\"}".formatted(text)))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private double refusedByBodies() {
        return meters.get("linformer.rejected").tag("reason", "busy").counter().count();
    }

    @Test
    void readsNoMoreBytesThanTwentyFourBodiesHave() throws Exception {
        List<Socket> halves = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            Socket socket = new Socket("127.0.0.1", port);
            socket.getOutputStream()
                    .write(("POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                                    + "Content-Length: 1000\r\n\r\n{\"text\": \"" + "word ".repeat(196))
                            .getBytes(StandardCharsets.US_ASCII));
            halves.add(socket);
        }
        // one of them is refused, whichever is read last: then all the others are there
        while (refusedByBodies() < 1) {
            Thread.sleep(20);
        }

        HttpResponse<String> refused = classify("word ".repeat(180));

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("Retry-After")).contains("1");
        assertThat(refused.body())
                .contains("bodies that are being read must be at most 24 times serving.max-request-size=1000 together");
        assertThat(refusedByBodies()).isEqualTo(2);
        for (Socket socket : halves) {
            socket.close();
        }
        while (classify("word ".repeat(180)).statusCode() != 200) {
            Thread.sleep(20);
        }
    }
}
