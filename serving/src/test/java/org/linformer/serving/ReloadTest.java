package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.Sha256;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A model in a folder, beside one that cannot be loaded. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class ReloadTest {

    @TempDir
    static Path folders;

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    private final HttpClient client = HttpClient.newHttpClient();

    @DynamicPropertySource
    static void models(DynamicPropertyRegistry registry) throws Exception {
        copy("spam-linformer", folders.resolve("mine"));
        Path broken = Files.createDirectory(folders.resolve("broken"));
        Files.writeString(broken.resolve("config.json"), "{");
        registry.add("serving.models", () -> "%s/,%s,spam-linformer".formatted(broken, folders.resolve("mine")));
    }

    private static void copy(String name, Path to) throws Exception {
        Path from = LinformerModelZoo.folder(name);
        Files.createDirectory(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
        Path config = to.resolve("config.json");
        // a word whose token the model does not have: the engine fails on it
        Path tokenizer = to.resolve("tokenizer.json");
        String before = Sha256.of(tokenizer);
        Files.writeString(
                tokenizer, Files.readString(tokenizer).replaceFirst("\"penguin\": ?\\d+", "\"penguin\": 99999"));
        Files.writeString(
                config,
                Files.readString(config)
                        .replace("\"name\": \"" + name, "\"name\": \"mine")
                        .replace(before, Sha256.of(tokenizer)));
    }

    @Test
    void servesTheOthersAndSaysWhatFailed() throws Exception {
        JsonNode health = json.readTree(get("/actuator/health").body());

        assertThat(health.at("/status").asString()).isEqualTo("UP");
        assertThat(health.at("/components/model/details/models").toString()).isEqualTo("[\"mine\",\"spam-linformer\"]");
        assertThat(health.at("/components/model/details/failed").toString()).isEqualTo("[\"broken\"]");
        assertThat(get("/actuator/prometheus").body()).contains("linformer_models_failed 1.0");
    }

    @Test
    void loadsAFolderAgainWithoutLosingARequest() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> meanwhile = IntStream.range(0, 40)
                .mapToObj(i -> client.sendAsync(
                        request("/v1/classify")
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "{\"model\": \"mine\", \"text\": \"%s\"}".formatted("word ".repeat(500))))
                                .build(),
                        HttpResponse.BodyHandlers.ofString()))
                .toList();
        setVersion("7.0");

        HttpResponse<String> reloaded = post("/v1/models/mine/reload");

        assertThat(reloaded.statusCode()).as(reloaded.body()).isEqualTo(200);
        assertThat(json.readTree(reloaded.body()).at("/version").asString()).isEqualTo("7.0");
        assertThat(meanwhile.stream().map(CompletableFuture::join).map(HttpResponse::statusCode))
                .containsOnly(200);
        assertThat(json.readTree(get("/v1/models/mine").body()).at("/version").asString())
                .isEqualTo("7.0");
    }

    @Test
    void keepsWhatItHasWhenTheFolderIsBroken() throws Exception {
        Path weights = folders.resolve("mine/model.safetensors");
        byte[] good = Files.readAllBytes(weights);
        Files.write(weights, new byte[] {1, 2, 3});
        try {
            HttpResponse<String> refused = post("/v1/models/mine/reload");

            assertThat(refused.statusCode()).isEqualTo(409);
            assertThat(json.readTree(refused.body()).at("/error/message").asString())
                    .isEqualTo(
                            "folder of mine must hold a model that can be served, but does not: see the service's log");
            assertThat(get("/v1/models/mine").statusCode()).isEqualTo(200);
        } finally {
            Files.write(weights, good);
        }
    }

    @Test
    void loadsOneModelAtATime() {
        List<HttpResponse<String>> answers = new ArrayList<>();
        // until two come at once
        for (int burst = 0; burst < 50 && answers.stream().noneMatch(answer -> answer.statusCode() == 409); burst++) {
            answers.addAll(IntStream.range(0, 8)
                    .mapToObj(i -> client.sendAsync(
                            request("/v1/models/mine/reload")
                                    .POST(HttpRequest.BodyPublishers.noBody())
                                    .build(),
                            HttpResponse.BodyHandlers.ofString()))
                    .toList()
                    .stream()
                    .map(CompletableFuture::join)
                    .toList());
        }

        assertThat(answers).extracting(HttpResponse::statusCode).containsOnly(200, 409);
        assertThat(answers)
                .filteredOn(answer -> answer.statusCode() == 409)
                .allSatisfy(answer ->
                        assertThat(answer.body()).contains("one model must be loaded at a time, but another is"));
    }

    @Test
    void saysThatAModelHasNoCard() throws Exception {
        Files.delete(folders.resolve("mine/CARD.md"));

        HttpResponse<String> refused = get("/v1/models/mine/card");

        assertThat(refused.statusCode()).isEqualTo(404);
        assertThat(refused.body()).contains("model must have a card, but mine has none");
    }

    @Test
    void refusesToReloadWhatIsPackaged() throws Exception {
        HttpResponse<String> refused = post("/v1/models/spam-linformer/reload");

        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(json.readTree(refused.body()).at("/error/message").asString())
                .isEqualTo("model must be served from a folder to be loaded again, but spam-linformer is packaged");
    }

    @Test
    void failsTheRequestAloneThatTheEngineFailsOn() throws Exception {
        HttpResponse<String> failed = post("/v1/classify", "{\"model\": \"mine\", \"text\": \"penguin\"}");
        HttpResponse<String> inTheirForm = post("/predict", "{\"inputs\": \"penguin\"}");

        assertThat(failed.statusCode()).as(failed.body()).isEqualTo(503);
        assertThat(failed.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(json.readTree(failed.body()).at("/detail").asString())
                .isEqualTo("the engine failed on this batch of texts");
        assertThat(inTheirForm.statusCode()).isEqualTo(424);
        assertThat(json.readTree(inTheirForm.body()))
                .isEqualTo(json.readTree(
                        "{\"error\": \"the engine failed on this batch of texts\", \"error_type\": \"Backend\"}"));
        assertThat(post("/v1/classify", "{\"model\": \"mine\", \"text\": \"pelican\"}")
                        .statusCode())
                .isEqualTo(200);
    }

    private static void setVersion(String version) throws IOException {
        Path config = folders.resolve("mine/config.json");
        Files.writeString(
                config,
                Files.readString(config).replaceFirst("\"version\": \"[^\"]*\"", "\"version\": \"" + version + "\""));
    }

    private HttpResponse<String> post(String path) throws Exception {
        return client.send(
                request(path).POST(HttpRequest.BodyPublishers.noBody()).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return client.send(
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
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
