package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One model with less than all have, which is named twice. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {
            "serving.models=spam-linformer,spam-linformer,debian-topic",
            "serving.max-batch-tokens=1024",
            "serving.limits.spam-linformer.max-tokens=64",
            "serving.limits.spam-linformer.max-queued-tokens=100"
        })
@ExtendWith(OutputCaptureExtension.class)
class LimitsTest {

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void readsNoLongerTextThanTheModelsLimit() throws Exception {
        HttpResponse<String> refused = classify("word ".repeat(100), "none").join();
        HttpResponse<String> cut = classify("word ".repeat(100), "end").join();

        assertThat(refused.statusCode()).isEqualTo(422);
        assertThat(json.readTree(refused.body()).at("/max_tokens").asInt()).isEqualTo(64);
        assertThat(json.readTree(cut.body()).at("/results/0/tokens/read").asInt())
                .isEqualTo(64);
        assertThat(get("/v1/models/spam-linformer").at("/max_tokens").asInt()).isEqualTo(64);
    }

    @Test
    void letsNoMoreTokensWaitThanTheModelsLimit() {
        List<CompletableFuture<HttpResponse<String>>> answers = IntStream.range(0, 100)
                .mapToObj(i -> classify("word ".repeat(60), "none"))
                .toList();

        List<HttpResponse<String>> refused = answers.stream()
                .map(CompletableFuture::join)
                .filter(answer -> answer.statusCode() != 200)
                .toList();

        assertThat(refused).isNotEmpty().allSatisfy(answer -> {
            assertThat(answer.statusCode()).isEqualTo(429);
            assertThat(answer.headers().firstValue("Retry-After")).isPresent();
            assertThat(answer.body())
                    .contains("queue must hold at most serving.limits.spam-linformer.max-queued-tokens=100, but ");
        });
    }

    @Test
    void tellsNoMoreTokensThanGoThroughAModelAtOnce() throws Exception {
        HttpResponse<String> refused = client.send(
                request("/tokenize")
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"inputs\": [\"%1$s\", \"%1$s\"]}".formatted("word ".repeat(600))))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(refused.statusCode()).isEqualTo(422);
        assertThat(refused.body())
                .contains("texts that are tokenized must have at most serving.max-batch-tokens=1024 tokens together");
    }

    @Test
    void servesANameOnce() throws Exception {
        JsonNode health = get("/actuator/health");

        assertThat(health.at("/components/model/details/models").toString())
                .isEqualTo("[\"spam-linformer\",\"debian-topic\"]");
        assertThat(health.at("/components/model/details/failed").toString()).isEqualTo("[\"spam-linformer\"]");
    }

    @TestConfiguration
    static class Failing {

        @RestController
        static class Controller {

            @GetMapping("/v1/fails")
            String fail() {
                throw new StackOverflowError("a test");
            }
        }
    }

    @Test
    void tellsAFailureOfItsOwnFromAFaultOfTheCaller(CapturedOutput output) throws Exception {
        HttpResponse<String> answer = client.send(request("/v1/fails").build(), HttpResponse.BodyHandlers.ofString());

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(json.readTree(answer.body()).at("/detail").asString())
                .isEqualTo("request must be answered, but the service failed; see its log");
        assertThat(output).contains("a request failed", "StackOverflowError");
    }

    private CompletableFuture<HttpResponse<String>> classify(String text, String truncate) {
        String body = "{\"text\": \"%s\", \"truncate\": \"%s\"}".formatted(text, truncate);
        return client.sendAsync(
                request("/v1/classify")
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode get(String path) throws Exception {
        return json.readTree(client.send(request(path).build(), HttpResponse.BodyHandlers.ofString())
                .body());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    }
}
