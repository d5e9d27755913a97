package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The forms of others: OpenAI's, that of text-embeddings-inference, and the Open Inference Protocol. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "server.tomcat.threads.max=8")
class OtherApisTest {

    private static final String FOOTBALL =
            "The striker scored twice in the second half, and the goalkeeper saved a penalty in the last minute.";
    private static final String COOKING =
            "Chop the onions, fry them in butter until golden, then add the stock and simmer.";

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void labelsByLikenessWhatNoModelWasTrainedFor() throws Exception {
        JsonNode answer = post(
                "/v1/classify",
                Map.of(
                        "text", List.of(FOOTBALL, COOKING),
                        "candidate_labels", List.of("sports", "cooking", "politics"),
                        "top_k", 2),
                200);

        assertThat(answer.at("/model").asString()).isEqualTo("minilm-linformer-4k");
        assertThat(answer.at("/results").size()).isEqualTo(2);
        assertThat(answer.at("/results/0/labels/0/label").asString()).isEqualTo("sports");
        assertThat(answer.at("/results/1/labels/0/label").asString()).isEqualTo("cooking");
        assertThat(answer.at("/results/0/labels").size()).isEqualTo(2);
    }

    @Test
    void cutsAtEitherEndOrReadsInWindows() throws Exception {
        String text = "begin " + "word ".repeat(6000) + "finish";

        JsonNode end = embedding(text, "end");
        JsonNode start = embedding(text, "start");
        JsonNode windows = embedding(text, "window");
        JsonNode largest = embedding(text, "window_max");

        assertThat(end.at("/tokens/read").asInt()).isEqualTo(4096);
        assertThat(start.at("/tokens/read").asInt()).isEqualTo(4096);
        assertThat(start.at("/tokens/truncated").asBoolean()).isTrue();
        assertThat(windows.at("/tokens/read").asInt()).isEqualTo(6004);
        assertThat(windows.at("/tokens/windows").asInt()).isEqualTo(2);
        assertThat(windows.at("/tokens/truncated").asBoolean()).isFalse();
        for (JsonNode each : List.of(end, start, windows, largest)) {
            assertThat(dot(each.at("/embedding"), each.at("/embedding"))).isEqualTo(1, within(1e-4));
        }
        assertThat(dot(windows.at("/embedding"), end.at("/embedding"))).isLessThan(0.99999);
        assertThat(post("/v1/classify", Map.of("text", text, "truncate", "window_max"), 200)
                        .at("/results/0/tokens/windows")
                        .asInt())
                .isEqualTo(2);
    }

    private JsonNode embedding(String text, String truncate) throws Exception {
        return post("/v1/embeddings", Map.of("input", text, "truncate", truncate), 200)
                .at("/data/0");
    }

    @Test
    void saysWhereTheTimeWent() throws Exception {
        HttpResponse<String> answer = send("/v1/embeddings", "{\"input\": \"a\"}");

        assertThat(answer.headers().firstValue("Server-Timing"))
                .hasValueSatisfying(value -> assertThat(value)
                        .matches("tokenize;dur=\\d+\\.\\d+, queue;dur=\\d+\\.\\d+, inference;dur=\\d+\\.\\d+"));
        assertThat(Double.parseDouble(
                        answer.headers().firstValue("X-Inference-Time").orElseThrow()))
                .isPositive();
    }

    @Test
    void embedsTokenIdsLikeTheirText() throws Exception {
        List<Integer> ids = StreamSupport.stream(
                        post("/tokenize", Map.of("inputs", COOKING), 200)
                                .at("/0")
                                .spliterator(),
                        false)
                .map(token -> token.at("/id").asInt())
                .toList();
        JsonNode ofText = post("/v1/embeddings", Map.of("input", COOKING), 200).at("/data/0/embedding");
        JsonNode ofIds = post("/v1/embeddings", Map.of("input", ids), 200).at("/data/0/embedding");
        JsonNode ofBatch = post("/v1/embeddings", Map.of("input", List.of(List.of(101, 102), ids)), 200)
                .at("/data/1/embedding");

        assertThat(dot(ofText, ofIds)).isEqualTo(1, within(1e-4));
        assertThat(dot(ofText, ofBatch)).isEqualTo(1, within(1e-4));
    }

    @Test
    void refusesInOpenAisForm() throws Exception {
        JsonNode unknown = post("/v1/embeddings", Map.of("input", "a", "model", "gpt"), 404)
                .at("/error");
        JsonNode tooLong = post("/v1/embeddings", Map.of("input", "word ".repeat(5000)), 422)
                .at("/error");

        assertThat(unknown.at("/message").asString()).startsWith("model to embed with must be one of [minilm");
        assertThat(unknown.at("/type").asString()).isEqualTo("invalid_request_error");
        assertThat(unknown.at("/code").asString()).isEqualTo("not_found");
        assertThat(tooLong.at("/max_tokens").asInt()).isEqualTo(4096);
        assertThat(get("/v1/models/gpt", 404).at("/error/message").asString()).startsWith("model must be one of");
    }

    @Test
    void describesAModelAndShowsItsCard() throws Exception {
        JsonNode model = get("/v1/models/minilm-linformer-4k", 200);

        assertThat(model.at("/object").asString()).isEqualTo("model");
        assertThat(Instant.ofEpochSecond(model.at("/created").asLong()))
                .isBetween(
                        Instant.ofEpochMilli(
                                        ManagementFactory.getRuntimeMXBean().getStartTime())
                                .truncatedTo(ChronoUnit.SECONDS),
                        Instant.now());
        assertThat(model.at("/k/0").asInt()).isEqualTo(256);
        assertThat(model.at("/dimension").asInt()).isEqualTo(384);
        HttpResponse<String> card = client.send(
                request("/v1/models/minilm-linformer-4k/card").build(), HttpResponse.BodyHandlers.ofString());
        assertThat(card.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/markdown");
        assertThat(card.body()).startsWith("# minilm-linformer-4k");
    }

    @Test
    void embedsAsTextEmbeddingsInferenceDoes() throws Exception {
        JsonNode one = post("/embed", Map.of("inputs", FOOTBALL, "normalize", true), 200);
        JsonNode two = post("/embed", Map.of("inputs", List.of(FOOTBALL, COOKING), "dimensions", 384), 200);

        assertThat(one.size()).isEqualTo(1);
        assertThat(two.size()).isEqualTo(2);
        assertThat(dot(one.at("/0"), two.at("/0"))).isEqualTo(1, within(1e-4));
        JsonNode likeness = post(
                "/similarity",
                Map.of(
                        "inputs",
                        Map.of("source_sentence", FOOTBALL, "sentences", List.of("a football match", "a soup recipe"))),
                200);
        assertThat(likeness.at("/0").asDouble()).isGreaterThan(likeness.at("/1").asDouble() + 0.1);
    }

    @Test
    void cutsAsTextEmbeddingsInferenceDoesWhenItIsAsked() throws Exception {
        String text = "word ".repeat(5000);

        assertThat(post("/embed", Map.of("inputs", text, "truncate", true), 200).size())
                .isEqualTo(1);
        assertThat(post("/embed", Map.of("inputs", text, "truncate", true, "truncation_direction", "Left"), 200)
                        .size())
                .isEqualTo(1);
        assertThat(post("/embed", Map.of("inputs", text), 422).at("/error_type").asString())
                .isEqualTo("Validation");
    }

    @Test
    void predictsATextOrABatchOfTexts() throws Exception {
        JsonNode one = post("/predict", Map.of("inputs", COOKING), 200);
        JsonNode batch = post("/predict", Map.of("inputs", List.of(List.of(COOKING), List.of(FOOTBALL))), 200);

        assertThat(one.at("/0/score").asDouble())
                .isGreaterThanOrEqualTo(one.at("/1/score").asDouble());
        assertThat(batch.size()).isEqualTo(2);
        assertThat(batch.at("/0/0/score").asDouble())
                .isEqualTo(one.at("/0/score").asDouble(), within(1e-4));
    }

    @Test
    void readsAPairAsOneTextWithItsSeparatorBetween() throws Exception {
        JsonNode pair = post("/predict", Map.of("inputs", List.of(COOKING, FOOTBALL)), 200);
        JsonNode batch = post("/predict", Map.of("inputs", List.of(List.of(COOKING, FOOTBALL), List.of(COOKING))), 200);
        JsonNode asOne = post("/predict", Map.of("inputs", COOKING + " [SEP] " + FOOTBALL), 200);

        assertThat(pair.at("/0/score").asDouble())
                .isEqualTo(asOne.at("/0/score").asDouble(), within(1e-4))
                .isEqualTo(batch.at("/0/0/score").asDouble(), within(1e-4));
        assertThat(batch.size()).isEqualTo(2);
    }

    @Test
    void givesLogitsWhoseSoftmaxAreTheProbabilities() throws Exception {
        JsonNode scores = post("/predict", Map.of("inputs", COOKING), 200);
        JsonNode raw = post("/predict", Map.of("inputs", COOKING, "raw_scores", true), 200);

        double margin = raw.at("/0/score").asDouble() - raw.at("/1/score").asDouble();
        assertThat(raw.at("/0/label")).isEqualTo(scores.at("/0/label"));
        assertThat(scores.at("/0/score").asDouble()).isEqualTo(1 / (1 + Math.exp(-margin)), within(1e-4));
        assertThat(raw.at("/0/score").asDouble() + raw.at("/1/score").asDouble())
                .isNotCloseTo(1, within(1e-2));
    }

    @Test
    void embedsEachToken() throws Exception {
        JsonNode texts = post("/embed_all", Map.of("inputs", List.of(FOOTBALL, "onions")), 200);
        JsonNode vector = post("/embed", Map.of("inputs", FOOTBALL), 200).at("/0");
        int tokens = post("/tokenize", Map.of("inputs", FOOTBALL), 200).at("/0").size();

        assertThat(texts.at("/0").size()).isEqualTo(tokens);
        assertThat(texts.at("/1").size()).isEqualTo(3);
        // the vector of a short text is the mean of its tokens', made one long
        double[] mean = new double[384];
        texts.at("/0").forEach(token -> {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += token.get(i).asDouble() / tokens;
            }
        });
        double length = Math.sqrt(Arrays.stream(mean).map(x -> x * x).sum());
        for (int i = 0; i < mean.length; i++) {
            assertThat(mean[i] / length).isEqualTo(vector.get(i).asDouble(), within(1e-4));
        }
        assertThat(length).isNotCloseTo(1, within(1e-2));
    }

    @Test
    void givesVectorsToNoMoreTokensThanABatchHas() throws Exception {
        List<String> five = Collections.nCopies(5, "word ".repeat(4000));

        assertThat(post("/embed_all", Map.of("inputs", five), 422).at("/error").asString())
                .isEqualTo("texts whose tokens want vectors must have at most serving.max-batch-tokens=16384 tokens"
                        + " together, but have 20010");
    }

    @Test
    void putsNoMoreTokensTogetherThanABatchHas() throws Exception {
        List<List<Integer>> ids = Collections.nCopies(5, Collections.nCopies(4000, 2158));

        assertThat(post("/decode", Map.of("ids", ids), 422).at("/error").asString())
                .isEqualTo("ids must be at most serving.max-batch-tokens=16384 together, but are 20000");
    }

    @Test
    void refusesABatchOfTooManyAsTextEmbeddingsInferenceDoes() throws Exception {
        JsonNode refused = post("/embed", Map.of("inputs", Collections.nCopies(65, "a")), 422);

        assertThat(refused.at("/error").asString())
                .isEqualTo("inputs must hold at most serving.max-texts=64 texts, but holds 65");
        assertThat(refused.at("/error_type").asString()).isEqualTo("Validation");
        assertThat(post("/embed", Map.of("inputs", "a".repeat(5 << 20)), 413)
                        .at("/error_type")
                        .asString())
                .isEqualTo("Validation");
    }

    @Test
    void saysHowMuchWasReadAndCutWhateverTheApi() throws Exception {
        String text = "word ".repeat(5000);
        Map<String, Object> infer = Map.of(
                "parameters",
                Map.of("truncate", "end"),
                "inputs",
                List.of(Map.of("name", "text", "shape", List.of(1), "datatype", "BYTES", "data", List.of(text))));
        Map<String, Map<String, Object>> requests = Map.of(
                "/v1/classify", Map.of("text", text, "truncate", "end"),
                "/v1/embeddings", Map.of("input", text, "truncate", "start"),
                "/embed", Map.of("inputs", text, "truncate", true),
                "/embed_all", Map.of("inputs", text, "truncate", true),
                "/predict", Map.of("inputs", text, "truncate", true, "truncation_direction", "Left"),
                "/v2/models/spam-linformer/infer", infer);

        for (Map.Entry<String, Map<String, Object>> request : requests.entrySet()) {
            HttpResponse<String> answer = send(request.getKey(), json.writeValueAsString(request.getValue()));
            assertThat(answer.headers().firstValue("X-Compute-Tokens"))
                    .as(request.getKey())
                    .hasValue("4096");
            assertThat(answer.headers().firstValue("X-Cut-Tokens"))
                    .as(request.getKey())
                    .hasValue("906");
        }
    }

    @Test
    void tellsTokensAndPutsThemTogetherAgain() throws Exception {
        JsonNode tokens =
                post("/tokenize", Map.of("inputs", "Chop onions"), 200).at("/0");

        assertThat(tokens.at("/0/text").asString()).isEqualTo("[CLS]");
        assertThat(tokens.at("/0/special").asBoolean()).isTrue();
        assertThat(tokens.at("/1/text").asString()).isEqualTo("Chop");
        assertThat(tokens.at("/1/start").asInt()).isZero();
        assertThat(tokens.at("/1/stop").asInt()).isEqualTo(4);
        List<Integer> ids = StreamSupport.stream(tokens.spliterator(), false)
                .map(token -> token.at("/id").asInt())
                .toList();
        assertThat(post("/decode", Map.of("ids", ids), 200).at("/0").asString()).isEqualTo("chop onions");
        assertThat(post("/decode", Map.of("ids", List.of(ids), "skip_special_tokens", false), 200)
                        .at("/0")
                        .asString())
                .startsWith("[CLS]");
        assertThat(post("/tokenize", Map.of("inputs", List.of("a", "b"), "add_special_tokens", false), 200)
                        .at("/1")
                        .size())
                .isEqualTo(1);
    }

    @Test
    void tellsThePartOfTheTextThatATokenStandsForAndWhereInItsBytes() throws Exception {
        String text = "Café 😀 Onions";
        JsonNode tokens = post("/tokenize", Map.of("inputs", text, "add_special_tokens", false), 200)
                .at("/0");

        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertThat(tokens).hasSizeGreaterThanOrEqualTo(3).allSatisfy(token -> {
            int start = token.at("/start").asInt();
            int length = token.at("/stop").asInt() - start;
            assertThat(new String(bytes, start, length, StandardCharsets.UTF_8))
                    .isEqualTo(token.at("/text").asString())
                    .isNotBlank();
        });
        assertThat(tokens.at("/0/text").asString()).isEqualTo("Café");
        assertThat(send("/tokenize", "{\"inputs\": \"a \\ud800 b\"}").statusCode())
                .as("a lone surrogate")
                .isEqualTo(200);
    }

    @Test
    void tellsWhatItIsAndThatItIsWell() throws Exception {
        JsonNode info = get("/info", 200);

        assertThat(info.at("/model_id").asString()).isEqualTo("minilm-linformer-4k");
        assertThat(info.at("/model_type/embedding/pooling").asString()).isEqualTo("mean");
        assertThat(info.at("/max_input_length").asInt()).isEqualTo(4096);
        assertThat(info.at("/max_client_batch_size").asInt()).isEqualTo(64);
        for (String path : List.of("/health", "/ping", "/v2/health/live", "/v2/health/ready", "/metrics")) {
            assertThat(client.send(request(path).build(), HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .as(path)
                    .isEqualTo(200);
        }
    }

    @Test
    void speaksTheOpenInferenceProtocol() throws Exception {
        JsonNode model = get("/v2/models/spam-linformer", 200);
        String version = model.at("/versions/0").asString();

        assertThat(get("/v2", 200).at("/name").asString()).isEqualTo("linformer");
        assertThat(model.at("/inputs/0/datatype").asString()).isEqualTo("BYTES");
        assertThat(model.at("/outputs/2/shape/1").asInt()).isEqualTo(2);
        assertThat(get("/v2/models/spam-linformer/versions/" + version + "/ready", 200)
                        .at("/ready")
                        .asBoolean())
                .isTrue();
        assertThat(get("/v2/models/spam-linformer/versions/99", 404)
                        .at("/error")
                        .asString())
                .isEqualTo("version of spam-linformer must be %s, but is 99".formatted(version));

        JsonNode labels = infer("spam-linformer", Map.of("id", "42"));
        JsonNode ofRows = post(
                "/v2/models/spam-linformer/infer",
                Map.of("inputs", List.of(text(List.of(2, 1), List.of(List.of("a"), List.of("b"))))),
                200);
        JsonNode vectors = infer("minilm-linformer-4k", Map.of("outputs", List.of(Map.of("name", "embedding"))));

        assertThat(ofRows.at("/outputs")).isEqualTo(labels.at("/outputs"));
        assertThat(labels.at("/id").asString()).isEqualTo("42");
        assertThat(labels.at("/model_version").asString()).isEqualTo(version);
        assertThat(labels.at("/outputs/0/name").asString()).isEqualTo("label");
        assertThat(labels.at("/outputs/0/shape/0").asInt()).isEqualTo(2);
        assertThat(labels.at("/outputs/2/data/0").asDouble()
                        + labels.at("/outputs/2/data/1").asDouble())
                .isEqualTo(1, within(1e-4));
        assertThat(vectors.at("/outputs/0/shape").toString()).isEqualTo("[2,384]");
        assertThat(vectors.at("/outputs/0/data").size()).isEqualTo(768);
    }

    private static Map<String, Object> text(List<Integer> shape, List<?> data) {
        return Map.of("name", "text", "shape", shape, "datatype", "BYTES", "data", data);
    }

    private JsonNode infer(String model, Map<String, ?> more) throws Exception {
        Map<String, Object> body = new HashMap<>(more);
        body.put("inputs", List.of(text(List.of(2), List.of("a", "b"))));
        return post("/v2/models/%s/infer".formatted(model), body, 200);
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "/v1/embeddings | {'input': 'a', 'encoding_format': 'hex'} | 400 | encoding_format must be one of [float, base64], but is hex",
                "/v1/embeddings | {'input': ''} | 400 | input[0] must say something, but is blank",
                "/v1/embeddings | {'input': [1, 'a']} | 400 | input must have the type that the API names, but has another",
                "/v1/embeddings | {'input': ['a', 1]} | 400 | input must have the type that the API names, but has another",
                "/v1/embeddings | {'input': ['a', null]} | 400 | input must have the type that the API names, but has another",
                "/v1/embeddings | {'input': []} | 400 | input must be a text, token ids, or a list of either, but is []",
                "/v1/embeddings | {'input': [[]]} | 400 | input[0] must say something, but is blank",
                "/v1/embeddings | {'input': [30522]} | 400 | token ids of minilm-linformer-4k must be in [0, 30522), but one is 30522",
                "/v1/embeddings | {'input': [[9906, 1917]]} | 400 | token ids must be those of the model, from 101 to 102, but are others: from 9906 to 1917",
                "/v1/embeddings | {'input': 'a', 'dimensions': 128} | 400 | dimensions must be left out or 384, as the model was not trained for shorter vectors, but is 128",
                "/v1/embeddings | {'input': 'a', 'truncate': 'middle'} | 400 | truncate must be one of [none, end, start, window, window_max], but is middle",
                "/v1/classify | {'text': 'a', 'candidate_labels': []} | 400 | candidate_labels must be a text or a list of texts, but is []",
                "/v1/classify | {'text': 'a', 'candidate_labels': ['x', '']} | 400 | candidate_labels[1] must say something, but is blank",
                "/embed | {'inputs': 'a', 'normalize': false} | 422 | normalize must be left out or true, but is false",
                "/embed | {'inputs': 'a', 'prompt_name': 'query'} | 422 | prompt_name must be left out or null, but is query",
                "/embed | {'inputs': 'a', 'truncation_direction': 'up'} | 422 | truncation_direction must be one of [Left, Right], but is up",
                "/embed | {} | 400 | inputs must be a text, token ids, or a list of either, but is null",
                "/predict | {'inputs': ['a', 'b', 'c']} | 422 | inputs must have the type that the API names, but has another",
                "/predict | {'inputs': ['a', ['b']]} | 422 | inputs must have the type that the API names, but has another",
                "/predict | {'inputs': [[]]} | 422 | inputs must have the type that the API names, but has another",
                "/predict | {'inputs': [['a', 'b', 'c']]} | 422 | inputs must have the type that the API names, but has another",
                "/predict | {'inputs': ['a', ' ']} | 400 | inputs[0] must say something, but is blank",
                "/predict | {'inputs': []} | 400 | inputs must be a text, a pair of texts, or a list of lists of one or two texts, but is []",
                "/predict | {'inputs': [['a'], 'b']} | 422 | inputs must have the type that the API names, but has another",
                "/predict | {'inputs': 'a', 'raw_scores': 1} | 422 | raw_scores must have the type that the API names, but has another",
                "/predict | {} | 400 | inputs must be a text, a pair of texts, or a list of lists of one or two texts, but is null",
                "/embed_all | {} | 400 | inputs must be a text, token ids, or a list of either, but is null",
                "/embed_all | {'inputs': 'a', 'normalize': true} | 422 | field must be one of [inputs, prompt_name, truncate, truncation_direction], but is normalize",
                "/similarity | {} | 400 | inputs must have source_sentence and sentences, but is null",
                "/similarity | {'inputs': {'sentences': ['a']}} | 400 | inputs.source_sentence[0] must say something, but is null",
                "/decode | {'ids': [-5]} | 422 | token ids of minilm-linformer-4k must be in [0, 30522), but one is -5",
                "/decode | {'ids': 'a'} | 422 | ids must be token ids, but is a text",
                "/v2/models/gpt/infer | {} | 404 | model must be one of [minilm-linformer-4k, spam-linformer, debian-topic], but is gpt",
                "/v2/models/spam-linformer/infer | {} | 400 | inputs must be one tensor named text, but is not",
                "/v2/models/spam-linformer/infer | {'inputs': [null]} | 400 | inputs must be one tensor named text, but is not",
                "/v2/models/spam-linformer/infer | {'inputs': [{'name': 'text', 'datatype': 'BYTES', 'shape': [null], 'data': ['a']}]} | 400 | shape of text must be [1] as its data has that many strings, but is [null]",
                "/v2/models/spam-linformer/infer | {'inputs': [{'name': 'text', 'datatype': 'BYTES', 'shape': [1, null], 'data': ['a']}]} | 400 | shape of text must be [1] as its data has that many strings, but is [1, null]",
                "/v2/models/minilm-linformer-4k/infer | {'inputs': [{'name': 'text', 'datatype': 'BYTES', 'shape': [1], 'data': ['a']}], 'outputs': [null]} | 400 | outputs of minilm-linformer-4k must be some of [embedding], and embedding alone, but are [null]",
                "/v2/models/spam-linformer/infer | {'inputs': [{'name': 'text', 'datatype': 'BYTES', 'shape': [1], 'data': [[1]]}]} | 400 | data of text must be strings, but one is 1",
                "/v2/models/spam-linformer/infer | {'inputs': [{'name': 'text', 'datatype': 'FP32', 'shape': [1], 'data': ['a']}]} | 400 | datatype of text must be BYTES, but is FP32",
                "/v2/models/spam-linformer/infer | {'inputs': [{'name': 'text', 'datatype': 'BYTES', 'shape': [2], 'data': ['a']}]} | 400 | shape of text must be [1] as its data has that many strings, but is [2]",
                "/v2/models/minilm-linformer-4k/infer | {'inputs': [{'name': 'text', 'datatype': 'BYTES', 'shape': [1], 'data': ['a']}], 'outputs': [{'name': 'label'}]} | 400 | outputs of minilm-linformer-4k must be some of [embedding], and embedding alone, but are [label]",
            })
    void refusesInTheFormOfTheApi(String path, String body, int status, String message) throws Exception {
        HttpResponse<String> response = send(path, body.replace('\'', '"'));

        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        JsonNode refusal = json.readTree(response.body());
        String field =
                path.equals("/v1/embeddings") ? "/error/message" : path.equals("/v1/classify") ? "/detail" : "/error";
        assertThat(refusal.at(field).asString()).isEqualTo(message);
        if (refusal.has("error_type")) {
            assertThat(refusal.at("/error_type").asString()).isEqualTo(status == 400 ? "Empty" : "Validation");
        }
    }

    private static double dot(JsonNode a, JsonNode b) {
        double sum = 0;
        for (int i = 0; i < a.size(); i++) {
            sum += a.get(i).asDouble() * b.get(i).asDouble();
        }
        return sum;
    }

    private JsonNode post(String path, Map<String, ?> body, int status) throws Exception {
        HttpResponse<String> response = send(path, json.writeValueAsString(body));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return json.readTree(response.body());
    }

    private JsonNode get(String path, int status) throws Exception {
        HttpResponse<String> response = client.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return json.readTree(response.body());
    }

    private HttpResponse<String> send(String path, String body) throws Exception {
        return client.send(
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    }
}
