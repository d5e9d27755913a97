package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

// few threads: a request that held one while it waits for the engine would keep everybody else out
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "server.tomcat.threads.max=8")
class ServingApplicationTests {

    private static final String SPAM = """
            You have been selected

            CONGRATULATIONS! You have been selected to receive a FREE cash prize. Click here to claim your guaranteed
            winnings now. No obligation, no credit check! This offer ends today, so act now and order your free report.
            To be removed from our list reply with REMOVE in the subject.
            """;
    private static final String HAM = """
            patch for the parser

            Hi Tom, the patch that you sent yesterday fails to apply on the current tree. Could you rebase it and run
            the tests again? I think the problem is in the second hunk, where the loop ends one line too early.
            Cheers, Anna
            """;

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void tellsSpamFromHam() throws Exception {
        JsonNode answer = post("/v1/classify", Map.of("text", List.of(SPAM, HAM)), 200);

        assertThat(answer.at("/model").asString()).isEqualTo("spam-linformer");
        assertThat(answer.at("/results/0/labels/0/label").asString()).isEqualTo("spam");
        assertThat(answer.at("/results/1/labels/0/label").asString()).isEqualTo("ham");
        assertThat(answer.at("/results/1/labels/0/score").asDouble()).isGreaterThan(0.5);
        assertThat(answer.at("/results/1/labels/1/label").asString()).isEqualTo("spam");
        assertThat(answer.at("/results/0/tokens/truncated").asBoolean()).isFalse();
    }

    @Test
    void givesASingleTextAListOfOneResultWithAsManyLabelsAsAsked() throws Exception {
        JsonNode answer = post("/v1/classify", Map.of("text", HAM, "model", "spam-linformer", "top_k", 1), 200);

        assertThat(answer.at("/results").size()).isEqualTo(1);
        assertThat(answer.at("/results/0/labels").size()).isEqualTo(1);
    }

    @Test
    void givesATextInABatchTheScoreThatItGetsAlone() throws Exception {
        double alone = post("/v1/classify", Map.of("text", HAM), 200)
                .at("/results/0/labels/0/score")
                .asDouble();
        List<String> batch = List.of(HAM, SPAM.repeat(10), HAM, "x", SPAM);

        JsonNode answer = post("/v1/classify", Map.of("text", batch), 200);

        assertThat(answer.at("/results/2/labels/0/score").asDouble()).isEqualTo(alone, within(1e-4));
    }

    @Test
    void embedsInOpenAisForm() throws Exception {
        JsonNode floats =
                post("/v1/embeddings", Map.of("input", List.of(HAM, SPAM), "model", "minilm-linformer-4k"), 200);
        JsonNode base64 = post("/v1/embeddings", Map.of("input", HAM, "encoding_format", "base64", "user", "u"), 200);

        assertThat(floats.at("/object").asString()).isEqualTo("list");
        assertThat(floats.at("/data/1/index").asInt()).isEqualTo(1);
        assertThat(floats.at("/data/0/object").asString()).isEqualTo("embedding");
        assertThat(floats.at("/usage/total_tokens").asInt())
                .isEqualTo(floats.at("/data/0/tokens/read").asInt()
                        + floats.at("/data/1/tokens/read").asInt());
        float[] expected = new float[384];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = floats.at("/data/0/embedding/" + i).floatValue();
        }
        float[] actual = new float[384];
        ByteBuffer.wrap(Base64.getDecoder()
                        .decode(base64.at("/data/0/embedding").asString()))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(actual);
        assertThat(actual).containsExactly(expected, within(1e-4f));
        double length = IntStream.range(0, 384)
                .mapToDouble(i -> (double) actual[i] * actual[i])
                .sum();
        assertThat(length).isEqualTo(1, within(1e-4));
    }

    @Test
    void refusesATextOfAHundredThousandWordsUnlessItMayBeCut() throws Exception {
        String text = "word ".repeat(100_000);

        JsonNode refused = post("/v1/classify", Map.of("text", List.of("short", text)), 422);
        JsonNode cut = post("/v1/classify", Map.of("text", text, "truncate", "end"), 200);

        assertThat(refused.at("/detail").asString())
                .startsWith("the text at index 1 must be at most 4096 tokens, but is 100002");
        assertThat(refused.at("/index").asInt()).isEqualTo(1);
        assertThat(refused.at("/max_tokens").asInt()).isEqualTo(4096);
        assertThat(cut.at("/results/0/tokens/read").asInt()).isEqualTo(4096);
        assertThat(cut.at("/results/0/tokens/total").asInt()).isEqualTo(100_002);
        assertThat(cut.at("/results/0/tokens/truncated").asBoolean()).isTrue();
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "/v1/classify | {'text': ''} | 400 | text[0] must say something, but is blank",
                "/v1/classify | {'text': ['a', ' ']} | 400 | text[1] must say something, but is blank",
                "/v1/classify | {'text': [null]} | 400 | text must have the type that the API names, but has another",
                "/v1/classify | {'text': []} | 400 | text must be a text, token ids, or a list of either, but is []",
                "/v1/classify | {} | 400 | text must be a text, token ids, or a list of either, but is null",
                "/v1/classify | {'text': 5} | 400 | text must have the type that the API names, but has another",
                "/v1/classify | {'text': {'a': 1}} | 400 | text must have the type that the API names, but has another",
                "/v1/classify | {'text': 'a', 'foo': 1} | 400 | field must be one of [candidate_labels, model, text, top_k, truncate], but is foo",
                "/v1/classify | {'text': 'a', 'top_k': 0} | 400 | top_k must be positive, but is 0",
                "/v1/classify | {'text': 'a', 'top_k': '1'} | 400 | top_k must have the type that the API names, but has another",
                "/v1/classify | {'text': 'a', 'top_k': 1.5} | 400 | top_k must have the type that the API names, but has another",
                "/v1/classify | {'text': 'a', 'truncate': 'maybe'} | 400 | truncate must be one of [none, end, start, window, window_max], but is maybe",
                "/v1/classify | {'text': 'a', 'model': 'gpt'} | 404 | model to classify with must be one of [spam-linformer, debian-topic], but is gpt",
                "/v1/classify | {'text': 'a | 400 | body must be JSON, but breaks the rules at line 1, column 12",
                "/v1/classify | [1] | 400 | body must be a JSON object, but is something else",
                "/v1/classify |  | 400 | body must be a JSON object, but is not",
            })
    void refusesWithTheFieldTheRuleAndTheValue(String path, String body, int status, String detail) throws Exception {
        HttpResponse<String> response = send(path, body == null ? "" : body.replace('\'', '"'), "application/json");

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(json.readTree(response.body()).at("/detail").asString()).isEqualTo(detail);
    }

    @Test
    void refusesAnotherContentTypeAndAnotherMethod() throws Exception {
        assertThat(send("/v1/classify", "hello", "text/plain").statusCode()).isEqualTo(415);
        assertThat(get("/v1/classify").statusCode()).isEqualTo(405);
        assertThat(get("/v1/nothing").statusCode()).isEqualTo(404);
    }

    @Test
    void refusesWhatIsTooLargeWithTheNameOfTheLimit() throws Exception {
        String body = "{\"text\": \"%s\"}".formatted("a".repeat(5 << 20));
        List<String> many = IntStream.range(0, 65).mapToObj(i -> "text " + i).toList();

        assertThat(send("/v1/classify", body, "application/json").statusCode()).isEqualTo(413);
        assertThat(sendChunked("/v1/classify", body).statusCode()).isEqualTo(413);
        assertThat(post("/v1/classify", Map.of("text", many), 413).at("/detail").asString())
                .isEqualTo("text must hold at most serving.max-texts=64 texts, but holds 65");
        assertThat(post("/v1/classify", Map.of("text", "a ".repeat(1_500_000)), 413)
                        .at("/detail")
                        .asString())
                .isEqualTo("text[0] must be at most serving.max-text-characters=1000000 characters, but is 3000000");
    }

    @Test
    void doesNotRepeatALongValueInTheWrongField() throws Exception {
        JsonNode refused = post("/v1/classify", Map.of("text", "a", "model", "m".repeat(100_000)), 404);

        assertThat(refused.at("/detail").asString()).hasSizeLessThan(400).startsWith("model to classify with must be");
    }

    @Test
    void refusesACrowdAndStaysAliveForEverybodyElse() throws Exception {
        String body = json.writeValueAsString(Map.of("text", List.of("word ".repeat(200), "word ".repeat(200))));
        List<CompletableFuture<HttpResponse<String>>> crowd = IntStream.range(0, 100)
                .mapToObj(i -> client.sendAsync(
                        request("/v1/classify")
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString()))
                .toList();
        CompletableFuture.anyOf(crowd.toArray(CompletableFuture[]::new)).join();

        assertThat(get("/actuator/health/liveness").statusCode()).isEqualTo(200);
        assertThat(crowd.stream().filter(answer -> !answer.isDone()))
                .as("still waiting")
                .isNotEmpty();

        List<HttpResponse<String>> answers =
                crowd.stream().map(CompletableFuture::join).toList();
        assertThat(answers).extracting(HttpResponse::statusCode).containsOnly(200, 429);
        assertThat(answers.stream().filter(answer -> answer.statusCode() == 200))
                .as("as many as may be in the service at once")
                .hasSizeGreaterThanOrEqualTo(64);
        assertThat(answers.stream().filter(answer -> answer.statusCode() == 429))
                .allSatisfy(answer -> assertThat(answer.headers().firstValue("Retry-After"))
                        .hasValueSatisfying(seconds -> assertThat(seconds).matches("[1-9]\\d*")));
    }

    @Test
    void listsItsModels() throws Exception {
        JsonNode models = json.readTree(get("/v1/models").body()).at("/data");

        assertThat(models.at("/0/id").asString()).isEqualTo("minilm-linformer-4k");
        assertThat(models.at("/0/labels").isEmpty()).isTrue();
        assertThat(models.at("/0/dimension").asInt()).isEqualTo(384);
        assertThat(models.at("/1/id").asString()).isEqualTo("spam-linformer");
        assertThat(models.at("/1/labels/1").asString()).isEqualTo("spam");
        assertThat(models.at("/1/dimension").asInt()).isEqualTo(384);
        assertThat(models.at("/1/max_tokens").asInt()).isEqualTo(4096);
        assertThat(models.at("/1/precision").asString()).isEqualTo("float32");
    }

    @Test
    void isReadyAndMeasured() throws Exception {
        post("/v1/classify", Map.of("text", HAM), 200);

        HttpResponse<String> readiness = get("/actuator/health/readiness");
        String metrics = get("/actuator/prometheus").body();

        assertThat(readiness.statusCode()).isEqualTo(200);
        assertThat(readiness.body())
                .contains("\"failed\":[]", "\"models\":[\"minilm-linformer-4k\",\"spam-linformer\",\"debian-topic\"]");
        String ofClassify = "{model=\"spam-linformer\",outcome=\"success\",task=\"classify\"}";
        String ofModel = "{model=\"spam-linformer\"}";
        assertThat(metrics)
                .contains(
                        "linformer_requests_seconds_count{error=\"none\",model=\"spam-linformer\",outcome=\"success\",task=\"classify\"}",
                        "linformer_requests_seconds_bucket",
                        "linformer_inference_time_seconds_count" + ofClassify,
                        "linformer_inference_time_seconds_count" + ofClassify.replace("success", "error") + " 0",
                        "linformer_rejected_total{reason=\"stopping\"} 0.0",
                        "linformer_inference_time_seconds_bucket",
                        "linformer_queue_time_seconds_bucket",
                        "linformer_tokenize_time_seconds_bucket",
                        "linformer_queue_depth ",
                        "linformer_queue_tokens ",
                        "linformer_batch_size_texts_count" + ofModel,
                        "linformer_batch_tokens_count" + ofModel,
                        "linformer_batch_padding_ratio_count" + ofModel,
                        "linformer_input_tokens_count" + ofModel,
                        "linformer_truncated_total" + ofModel,
                        "linformer_memory_native_bytes ",
                        "jvm_memory_used_bytes{area=\"heap\"",
                        "jvm_buffer_memory_used_bytes{id=\"direct\"}",
                        "http_server_requests_seconds_bucket");
        assertThat(get("/actuator/env").statusCode()).isEqualTo(404);
    }

    @Test
    void staysFlatInMemoryOverFiveHundredRequests() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/status")), "left out: memory is read from /proc, which is Linux's");
        for (int i = 0; i < 100; i++) {
            mixedRequest(i);
        }
        // a leak grows each time, a heap that is made larger once
        assertThat(Math.min(growthOverFiveHundredRequests(), growthOverFiveHundredRequests()))
                .as("MiB of growth")
                .isLessThan(100);
    }

    private long growthOverFiveHundredRequests() throws Exception {
        long before = residentMebibytes();
        for (int i = 0; i < 500; i++) {
            mixedRequest(i);
        }
        return residentMebibytes() - before;
    }

    private void mixedRequest(int i) throws Exception {
        String text = "word %d and then some more of it. ".formatted(i).repeat(1 + i % 7 * 8);
        if (i % 2 == 0) {
            post("/v1/classify", Map.of("text", List.of(text, HAM)), 200);
        } else {
            String model = i % 10 == 1 ? "minilm-linformer-4k" : "spam-linformer";
            post("/v1/embeddings", Map.of("input", text, "model", model), 200);
        }
    }

    private static long residentMebibytes() throws IOException {
        System.gc();
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElseThrow();
    }

    private JsonNode post(String path, Map<String, ?> body, int status) throws Exception {
        HttpResponse<String> response = send(path, json.writeValueAsString(body), "application/json");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return json.readTree(response.body());
    }

    private HttpResponse<String> send(String path, String body, String contentType) throws Exception {
        return client.send(
                request(path)
                        .header("Content-Type", contentType)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> sendChunked(String path, String body) throws Exception {
        byte[] bytes = body.getBytes();
        List<byte[]> chunks = IntStream.range(0, bytes.length / 65_536 + 1)
                .mapToObj(i -> Arrays.copyOfRange(bytes, i * 65_536, Math.min(bytes.length, (i + 1) * 65_536)))
                .collect(Collectors.toList());
        return client.send(
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofByteArrays(chunks))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    }
}
