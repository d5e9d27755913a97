package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.json.JsonMapper;

/** A short time for every body and answer. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {
            "serving.models=debian-topic",
            "serving.max-texts=512",
            "serving.max-batch-tokens=1024",
            "serving.request-timeout=3s"
        })
class TimeoutTest {

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    @Test
    void givesUpWhenTheTimeIsOver() throws Exception {
        String text = "\"%s\"".formatted("word ".repeat(500));
        String body = "{\"text\": [%s]}".formatted(String.join(",", Collections.nCopies(512, text)));

        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/v1/classify".formatted(port)))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());

        assertThat(answer.statusCode()).isEqualTo(504);
        assertThat(json.readTree(answer.body()).at("/detail").asString())
                .isEqualTo("answer must come within serving.request-timeout=PT3S, but did not");
    }

    @Test
    void stopsABodyThatDripsIn() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            OutputStream out = socket.getOutputStream();
            InputStream in = socket.getInputStream();
            out.write(("POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                            + "Content-Length: 1000\r\n\r\n{\"text\": \"")
                    .getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 100 && in.available() == 0; i++) {
                out.write('a');
                Thread.sleep(200);
            }

            String answer = new String(in.readNBytes(in.available()), StandardCharsets.UTF_8);
            assertThat(answer)
                    .startsWith("HTTP/1.1 408")
                    .contains("body must arrive within serving.request-timeout=PT3S, but did not");
        }
    }
}
