package org.linformer.serving.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.linformer.zoo.Sha256;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

// few threads: slow senders that held one each would keep everybody else out
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {
            "serving.models=spam-linformer",
            "serving.requests-per-minute=40",
            "server.tomcat.threads.max=4",
            "server.tomcat.connection-timeout=5s"
        })
class AccessTests {

    private static final String KEY = "a key: only its hash is in the file";
    private static final String BODY = "{\"text\": \"Hello\"}";

    @TempDir
    private static Path folder;

    @DynamicPropertySource
    static void keys(DynamicPropertyRegistry registry) throws IOException {
        Path file = Files.writeString(
                folder.resolve("keys.txt"),
                "tests %s\nbusy %s\nbusy %s\n".formatted(Sha256.of(KEY), Sha256.of("busy"), Sha256.of("busier")));
        registry.add("serving.api-keys-file", file::toString);
    }

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    private final HttpClient client = HttpClient.newHttpClient();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/models",
                "/v1/models/spam-linformer",
                "/v1/nothing",
                "/actuator/prometheus",
                "/actuator/info",
                "/actuator",
                "/error",
                "/logout"
            })
    void asksForAKey(String path) throws Exception {
        HttpResponse<String> without = send(request(path));
        HttpResponse<String> wrong = send(request(path).header("Authorization", "Bearer " + Sha256.of(KEY)));

        for (HttpResponse<String> response : List.of(without, wrong)) {
            assertThat(response.statusCode()).isEqualTo(401);
            assertThat(response.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
            assertThat(response.headers().firstValue("Content-Type"))
                    .hasValueSatisfying(type -> assertThat(type).endsWith("json"));
            assertThat(response.headers().firstValue("X-Request-Id")).isPresent();
        }
        assertThat(detail(without)).isEqualTo("Authorization must be Bearer and a key of this service, but is missing");
        assertThat(detail(wrong)).isEqualTo("Authorization must be Bearer and a key of this service, but is another");
    }

    @Test
    void answersWhoeverShowsAKey() throws Exception {
        assertThat(send(keyed("/v1/models")).statusCode()).isEqualTo(200);
        assertThat(send(keyed("/actuator/prometheus")).body())
                .contains("http_server_requests")
                .doesNotContain("spring_security");
        HttpResponse<String> answer = send(post(BODY).header("X-Request-Id", "mine-1"));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("X-Request-Id")).hasValue("mine-1");
    }

    @ParameterizedTest
    @CsvSource({
        "/actuator/health/readiness, 200",
        "/actuator/health/liveness, 200",
        "/actuator/health, 200",
        "/v2/health/made-up, 404",
        "/made-up.html, 404",
    })
    void leavesPageAndHealthToEveryone(String path, int status) throws Exception {
        assertThat(send(request(path)).statusCode()).isEqualTo(status);
    }

    @Test
    void boundsTheRequestsOfAName() throws Exception {
        HttpResponse<String> last = send(request("/v1/models").header("Authorization", "bearer busy"));
        for (int i = 0; i < 10_000 && last.statusCode() == 200; i++) {
            last = send(request("/v1/models").header("Authorization", i % 2 == 0 ? "Bearer busy" : "Bearer busier"));
        }

        assertThat(last.statusCode()).isEqualTo(429);
        assertThat(last.headers().firstValue("Retry-After"))
                .hasValueSatisfying(seconds -> assertThat(seconds).isIn("1", "2"));
        assertThat(detail(last))
                .isEqualTo("requests of busy must be at most serving.requests-per-minute=40, but are more");
        assertThat(send(keyed("/v1/models")).statusCode()).isEqualTo(200);
        assertThat(send(request("/actuator/health/liveness")).statusCode()).isEqualTo(200);
        for (String metrics : List.of("/metrics", "/actuator/prometheus")) {
            assertThat(send(request(metrics).header("Authorization", "Bearer busy"))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void tellsBrowsersToKeepToTheServiceAndNobodyWhatItRuns() throws Exception {
        HttpResponse<String> answer = send(keyed("/v1/models").header("Origin", "https://example.org"));

        assertThat(answer.headers().firstValue("Content-Security-Policy")).hasValue("default-src 'self'");
        assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        assertThat(answer.headers().firstValue("X-Frame-Options")).hasValue("DENY");
        assertThat(answer.headers().map())
                .doesNotContainKeys(
                        "server",
                        "x-powered-by",
                        "set-cookie",
                        "strict-transport-security",
                        "access-control-allow-origin");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/models/..%2f..%2fetc%2fpasswd",
                "/v1/models/..%5c..%5cetc/card",
                "/v1/models/%2e%2e/%2e%2e/etc/passwd",
                "/v1/models/../../etc/passwd",
                "/v1/models/..;/..;/etc",
                "/v1/models/%252e%252e%252fetc/card",
                "//v1/models",
                "/v1/models/a%00b",
                "/v1/models/a%0d%0aSet-Cookie:b=c",
                "/v1/models/\u00ff<script>",
                "/static/../../../etc/passwd",
                "/../../../etc/passwd.html"
            })
    void findsNothingOutsideItsModels(String path) throws Exception {
        String answer = raw("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer " + KEY
                + "\r\n\r\n");

        assertThat(answer).matches("(?s)HTTP/1.1 40[04] .*");
        assertTellsNothing(answer);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Request-Id: a\rSet-Cookie: b=c\r\n",
                "X-Request-Id: a\nSet-Cookie: b=c\r\n",
                "X-Request-Id: a\r\n Set-Cookie: b=c\r\n",
                "X-Request-Id: a%0d%0aSet-Cookie: b=c\r\n",
                "X-Request-Id: a\u0000b\r\n",
                "Content-Length: 5\r\nContent-Length: 6\r\n",
                "Content-Length: -1\r\n",
                "Transfer-Encoding: gzip\r\n",
                "Authorization: Bearer\r\n",
                "no colon\r\n"
            })
    void repeatsNoHeaderThatItDidNotUnderstand(String header) throws Exception {
        String answer = raw("GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + header + "\r\n");

        assertThat(answer).matches("(?s)HTTP/1.1 (400|401|501) .*").doesNotContain("Set-Cookie", "\r\n Set");
        assertTellsNothing(answer);
    }

    @Test
    void unpacksNoBody() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(BODY.getBytes(StandardCharsets.UTF_8));
        }

        HttpResponse<String> answer = send(keyed("/v1/classify")
                .header("Content-Type", "application/json")
                .header("Content-Encoding", "gzip")
                .POST(HttpRequest.BodyPublishers.ofByteArray(packed.toByteArray())));

        assertThat(answer.statusCode()).isEqualTo(415);
        assertThat(answer.headers().firstValue("Accept-Encoding")).hasValue("identity");
        assertThat(detail(answer)).isEqualTo("body must be sent as it is, without a Content-Encoding, but is encoded");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"text\":"})
    void refusesJsonThatGoesTooDeep(String opening) throws Exception {
        HttpResponse<String> answer = send(post("{\"text\":" + opening.repeat(100_000)));

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThatExceptionOfType(StreamConstraintsException.class).isThrownBy(() -> json.readTree(opening.repeat(33)));
    }

    @Test
    void cutsOffWhoeverStopsHalfwayAndAnswersTheOthers() throws Exception {
        String headers = "POST /v1/classify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + KEY
                + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n";
        List<Socket> halves = new ArrayList<>();
        try {
            for (int i = 0; i < 12; i++) {
                Socket socket = new Socket("127.0.0.1", port);
                halves.add(socket);
                socket.setSoTimeout(120_000);
                socket.getOutputStream()
                        .write((i % 2 == 0 ? headers : headers + "\r\n{\"te").getBytes(StandardCharsets.ISO_8859_1));
            }

            assertThat(send(request("/actuator/health/liveness")).statusCode()).isEqualTo(200);
            for (Socket half : halves) {
                String answer = new String(half.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
                assertThat(answer).startsWith(halves.indexOf(half) % 2 == 0 ? "" : "HTTP/1.1 408");
                assertThat(answer).doesNotContain("HTTP/1.1 200");
                assertTellsNothing(answer);
            }
        } finally {
            for (Socket half : halves) {
                half.close();
            }
        }
    }

    private static void assertTellsNothing(String answer) {
        assertThat(answer)
                .doesNotContainIgnoringCase("exception", "java", "tomcat", "apache", "spring", "jackson")
                .doesNotContain("\tat ", "root:");
    }

    private String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(120_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private String detail(HttpResponse<String> response) {
        JsonNode refusal = json.readTree(response.body());
        return refusal.at(refusal.has("error") ? "/error/message" : "/detail").asString();
    }

    private HttpRequest.Builder post(String body) {
        return keyed("/v1/classify")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    private HttpRequest.Builder keyed(String path) {
        return request(path).header("Authorization", "Bearer " + KEY);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
