package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What no client of good will sends: each has its answer, and none of them is 500. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "server.tomcat.threads.max=8")
@ExtendWith(OutputCaptureExtension.class)
class HostileRequestsTest {

    private static final String TYPE = " must have the type that the API names, but has another";
    private static final String BROKEN = "body must be JSON, but breaks the rules at line 1, column ";
    private static final String LIMITS =
            "body must keep to the limits of JSON here, 32 arrays and objects in each other"
                    + " and numbers of 1,000 digits, but does not";

    private static final String REJECTED =
            "method must be one of HTTP's, and path and headers without //, ;, encoded separators and control characters,"
                    + " but are not";
    private static final String MODELS =
            "model must be one of [minilm-linformer-4k, spam-linformer, debian-topic], but is ";

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    private final HttpClient client = HttpClient.newHttpClient();

    static Stream<Arguments> bodies() {
        return Stream.of(
                // what looks odd but is a text
                body("a lone surrogate", "{\"text\": \"a \\ud800 b\"}", 200, null),
                body("NUL", "{\"text\": \"\\u0000\"}", 200, null),
                body("a backspace", "{\"text\": \"\\b\"}", 200, null),
                body("emoji", "{\"text\": \"\ud83d\ude00\"}", 200, null),
                body("one zero-width joiner", "{\"text\": \"\u200d\"}", 200, null),
                body("right to left", "{\"text\": \"\u202eabc\"}", 200, null),
                body("markup", "{\"text\": \"<script>alert(1)</script>\"}", 200, null),
                body("the largest top_k", "{\"text\": \"a\", \"top_k\": 2147483647}", 200, null),
                // no texts
                body("tabs and newlines", "{\"text\": \"\\t\\n \"}", 400, "text[0] must say something, but is blank"),
                body(
                        "null",
                        "{\"text\": null}",
                        400,
                        "text must be a text, token ids, or a list of either, but is null"),
                body("true", "{\"text\": true}", 400, "text" + TYPE),
                body("a list in a list", "{\"text\": [[\"a\"]]}", 400, "text" + TYPE),
                body("a number in a list", "{\"text\": [\"a\", 1]}", 400, "text" + TYPE),
                // no numbers
                body("NaN", "{\"text\": NaN}", 400, BROKEN + "13"),
                body("Infinity", "{\"text\": \"a\", \"top_k\": Infinity}", 400, BROKEN + "32"),
                body(
                        "a number over int",
                        "{\"text\": \"a\", \"top_k\": 99999999999}",
                        400,
                        "number must fit the type that the API names, but at line 1, column 35 does not"),
                body("a number over double", "{\"text\": \"a\", \"top_k\": 1e999}", 400, "top_k" + TYPE),
                body("a whole number with a fraction", "{\"text\": \"a\", \"top_k\": 1.0}", 400, "top_k" + TYPE),
                body("a negative number", "{\"text\": \"a\", \"top_k\": -1}", 400, "top_k must be positive, but is -1"),
                body("2,000 digits", "{\"text\": \"a\", \"top_k\": %s}".formatted("9".repeat(2000)), 400, LIMITS),
                // no JSON
                body("a number alone", "5", 400, "body must be a JSON object, but is something else"),
                body("null alone", "null", 400, "body must be a JSON object, but is not"),
                body(
                        "more than one value",
                        "{\"text\": \"a\"} {}",
                        400,
                        "body must be a JSON object, but is something else"),
                body("single quotes", "{'text': 'a'}", 400, BROKEN + "2"),
                body("a comment", "/* */ {\"text\": \"a\"}", 400, BROKEN + "1"),
                body("a raw newline in a text", "{\"text\": \"a\nb\"}", 400, BROKEN + "12"),
                body("a bad escape", "{\"text\": \"\\x41\"}", 400, BROKEN + "12"),
                body("half an escape", "{\"text\": \"\\ud8\"}", 400, BROKEN + "15"),
                body("deep arrays", "{\"text\": %s%s}".formatted("[".repeat(40), "]".repeat(40)), 400, "text" + TYPE),
                body("deep objects", "{\"a\":".repeat(1000) + "1" + "}".repeat(1000), 400, LIMITS),
                body(
                        "a name of a class",
                        "{\"@class\": \"java.lang.Runtime\", \"text\": \"a\"}",
                        400,
                        "field must be one of [candidate_labels, model, text, top_k, truncate], but is @class"),
                body("a field twice", "{\"text\": \"a\", \"text\": 5}", 400, "text" + TYPE));
    }

    private static Arguments body(String what, String body, int status, @Nullable String detail) {
        return Arguments.of(what, body, status, detail);
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("bodies")
    void answersABody(String what, String body, int status, @Nullable String detail) throws Exception {
        HttpResponse<String> response = send("POST", "/v1/classify", "application/json", body);

        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        if (detail != null) {
            assertThat(json.readTree(response.body()).at("/detail").asString()).isEqualTo(detail);
        }
        assertThat(response.body()).doesNotContain("java.", "jackson", "Exception");
    }

    static Stream<Arguments> requests() {
        return Stream.of(
                Arguments.of(
                        "PUT", "/v1/classify", "application/json", 405, "method must be one of [POST], but is PUT"),
                Arguments.of(
                        "DELETE",
                        "/v1/models/spam-linformer",
                        "application/json",
                        405,
                        "method must be one of [GET], but is DELETE"),
                Arguments.of(
                        "PATCH",
                        "/v1/embeddings",
                        "application/json",
                        405,
                        "method must be one of [POST], but is PATCH"),
                // a form that nobody may read before its size is known
                Arguments.of(
                        "PUT",
                        "/v1/classify",
                        "application/x-www-form-urlencoded",
                        405,
                        "method must be one of [POST], but is PUT"),
                Arguments.of("GET", "//v1/models", "application/json", 400, REJECTED),
                Arguments.of("PROPFIND", "/v1/models", "application/json", 400, REJECTED),
                Arguments.of("POST", "/v1/models", "application/json", 405, "method must be one of [GET], but is POST"),
                Arguments.of("POST", "/info", "application/json", 405, "method must be one of [GET], but is POST"),
                Arguments.of(
                        "POST",
                        "/v1/classify",
                        "text/plain",
                        415,
                        "Content-Type must be application/json, but is text/plain;charset=UTF-8"),
                Arguments.of(
                        "POST",
                        "/v1/classify",
                        "application/xml",
                        415,
                        "Content-Type must be application/json, but is application/xml;charset=UTF-8"),
                Arguments.of(
                        "POST",
                        "/v1/classify",
                        "application/x-www-form-urlencoded",
                        415,
                        "Content-Type must be application/json, but is application/x-www-form-urlencoded;charset=UTF-8"),
                Arguments.of(
                        "POST",
                        "/v1/classify",
                        "multipart/form-data",
                        415,
                        "Content-Type must be application/json, but is multipart/form-data;charset=UTF-8"),
                Arguments.of(
                        "POST",
                        "/v1/embeddings",
                        "text/csv",
                        415,
                        "Content-Type must be application/json, but is text/csv;charset=UTF-8"),
                Arguments.of(
                        "POST",
                        "/embed",
                        "text/plain",
                        415,
                        "Content-Type must be application/json, but is text/plain;charset=UTF-8"),
                Arguments.of(
                        "POST",
                        "/v2/models/spam-linformer/infer",
                        "application/octet-stream",
                        415,
                        "Content-Type must be application/json, but is application/octet-stream;charset=UTF-8"),
                Arguments.of(
                        "POST",
                        "/v1/classify/more",
                        "application/json",
                        404,
                        "path must be one of the API, but is /v1/classify/more"),
                Arguments.of(
                        "POST",
                        "/v1/Classify",
                        "application/json",
                        404,
                        "path must be one of the API, but is /v1/Classify"),
                Arguments.of(
                        "POST",
                        "/v3/models",
                        "application/json",
                        404,
                        "path must be one of the API, but is /v3/models"),
                Arguments.of("POST", "/v1/models/none/reload", "application/json", 404, MODELS + "none"),
                Arguments.of("GET", "/v1/models/..", "application/json", 400, REJECTED),
                Arguments.of("GET", "/v1/models/%20", "application/json", 404, MODELS + " "),
                Arguments.of(
                        "GET", "/v2/models/spam-linformer/versions/..%3b/ready", "application/json", 400, REJECTED));
    }

    @ParameterizedTest(name = "{0} {1} {2}: {3}")
    @MethodSource("requests")
    void answersARequest(String method, String path, String contentType, int status, String message) throws Exception {
        HttpResponse<String> response = send(method, path, contentType, "{\"text\": \"a\"}");

        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(message(response)).isEqualTo(message);
        assertThat(response.body()).doesNotContain("java.", "Exception", "Tomcat");
    }

    @ParameterizedTest
    @CsvSource({
        "POST, 400, 'query and form must be percent-encoded, but are not'",
        "PUT, 405, 'method must be one of [POST], but is PUT'"
    })
    void answersAFormThatIsNone(String method, int status, String message) throws Exception {
        HttpResponse<String> response = send(method, "/v1/classify", "application/x-www-form-urlencoded", "a=%@");

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(message(response)).isEqualTo(message);
    }

    /** What is refused, whatever the form of the refusal. */
    private String message(HttpResponse<String> response) {
        JsonNode refusal = json.readTree(response.body());
        JsonNode error = refusal.path("error");
        return (error.isMissingNode() ? refusal.path("detail") : error.isObject() ? error.path("message") : error)
                .asString();
    }

    @Test
    void answersAPathThatTomcatItselfRefuses() throws Exception {
        HttpResponse<String> response =
                send("GET", "/v1/models/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "application/json", "");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(json.readTree(response.body()).toString()).isEqualTo("{\"status\":400}");
    }

    @Test
    void answersWhatAsksForAnotherForm() throws Exception {
        HttpResponse<String> response = client.send(
                request("/v1/classify", "application/json")
                        .header("Accept", "text/html")
                        .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"a\"}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(406);
        assertThat(message(response))
                .startsWith("Accept must name one of [application/json, ")
                .endsWith(", but is text/html");
    }

    @ParameterizedTest
    @CsvSource({"POST, application/json", "PUT, application/x-www-form-urlencoded"})
    void refuses30MegabytesWithoutReadingThem(String method, String contentType) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write(("%s /v1/classify HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: %s\r\n"
                                    + "Content-Length: 30000000\r\n\r\n")
                            .formatted(method, contentType)
                            .getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();

            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(answer)
                    .startsWith("HTTP/1.1 413")
                    .contains("body must be at most serving.max-request-size=4194304 bytes, but is 30000000");
        }
    }

    /** A connection that is closed before everything is sent may lose the answer. */
    @Test
    void answersWhoeverSendsAllOfABodyThatIsRefused() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write(("POST /v1/classify HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                    + "Content-Type: application/json\r\nContent-Length: 30000000\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(new byte[30_000_000]);

            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(answer).startsWith("HTTP/1.1 413");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bytes")
    void answersBytesThatAreNoUtf8(String what, byte[] body) throws Exception {
        HttpResponse<String> response = client.send(
                request("/v1/classify", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    }

    static Stream<Arguments> bytes() {
        return Stream.of(
                Arguments.of("Latin-1", "{\"text\": \"caf\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1)),
                Arguments.of("half a character", new byte[] {'{', '"', 't', (byte) 0xe2, (byte) 0x82}),
                Arguments.of("zeroes", new byte[64]),
                Arguments.of("a picture", new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10}));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "{\"text\": \"Xyzzy\"}",
                "{\"text\": \"Xyzzy\", \"top_k\": \"Xyzzy\"}",
                "{\"text\": {\"Xyzzy\": 1}}",
                "{\"text\": \"Xyzzy",
                "Xyzzy",
                "{\"text\": [\"Xyzzy\", null]}",
                "{\"text\": \"Xyzzy\", \"model\": \"Xyzzy\"}",
                "{\"text\": \"Xyzzy\", \"truncate\": \"Xyzzy\"}",
                "{\"Xyzzy\": \"Xyzzy\"}",
            })
    void writesNoTextToTheLog(String body, CapturedOutput output) throws Exception {
        for (String path : List.of("/v1/classify", "/v1/embeddings", "/embed", "/v2/models/spam-linformer/infer")) {
            send("POST", path, "application/json", body);
            send("POST", path, "application/json", body.replace("Xyzzy", "Xyzzy ".repeat(5000)));
        }

        assertThat(output.getAll()).doesNotContain("Xyzzy");
    }

    @Test
    void answersWhatIsNoHttpInJsonToo() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write("GET /v1/models HTTP/1.1\r\nHost: a b\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(answer).startsWith("HTTP/1.1 400").containsIgnoringCase("content-type: application/json");
            assertThat(answer).doesNotContain("<html", "Tomcat", "Exception", "java.");
        }
    }

    private HttpResponse<String> send(String method, String path, String contentType, String body) throws Exception {
        return client.send(
                request(path, contentType)
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path, String contentType) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", contentType);
    }
}
