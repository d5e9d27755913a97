package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.openai.errors.NotFoundException;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.openai.OpenAiEmbeddingModel;
import org.springframework.ai.openai.OpenAiEmbeddingOptions;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Clients for OpenAI's API that others wrote, as they are. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "server.tomcat.threads.max=8")
class ClientsTest {

    private static final List<String> TEXTS =
            List.of("How do I reset my password?", "Forgot the login", "Goulash soup");

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    private String url() {
        return "http://127.0.0.1:%d/v1".formatted(port);
    }

    @Test
    void answersLangChain4j() throws Exception {
        var model = dev.langchain4j.model.openai.OpenAiEmbeddingModel.builder()
                .baseUrl(url())
                .apiKey("none")
                .modelName("minilm-linformer-4k")
                .build();

        List<Embedding> embeddings =
                model.embedAll(TEXTS.stream().map(TextSegment::from).toList()).content();

        assertVectors(embeddings.stream().map(Embedding::vector).toList());
    }

    @Test
    void answersSpringAi() throws Exception {
        OpenAiEmbeddingModel model = new OpenAiEmbeddingModel(springAi("minilm-linformer-4k"));

        assertVectors(model.embed(TEXTS));
    }

    @Test
    void tellsSpringAiThatThereIsNoSuchModel() {
        OpenAiEmbeddingModel model = new OpenAiEmbeddingModel(springAi("gpt"));

        assertThatExceptionOfType(NotFoundException.class)
                .isThrownBy(() -> model.embed("a"))
                .withMessageContaining("model to embed with must be one of [minilm-linformer-4k");
    }

    private OpenAiEmbeddingOptions springAi(String name) {
        return (OpenAiEmbeddingOptions) OpenAiEmbeddingOptions.builder()
                .baseUrl(url())
                .apiKey("none")
                .model(name)
                .maxRetries(0)
                .build();
    }

    @Test
    void answersTheClientOnNpm(@TempDir Path folder) throws Exception {
        assumeTrue(isThere("npm") && isThere("node"), "left out: it needs node and npm on the PATH");
        Files.writeString(folder.resolve("client.mjs"), """
                import OpenAI from "openai";
                const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none", maxRetries: 0 });
                const texts = JSON.parse(process.argv[3]);
                const models = await client.models.list();
                const answer = await client.embeddings.create({ model: models.data[0].id, input: texts });
                let status = 0;
                try {
                  await client.embeddings.create({ model: "gpt", input: "a" });
                } catch (e) {
                  status = e instanceof OpenAI.NotFoundError ? e.status : -1;
                }
                console.log(JSON.stringify({
                  ids: models.data.map((model) => model.id),
                  vectors: answer.data.map((each) => Array.from(each.embedding)),
                  tokens: answer.usage.total_tokens,
                  status,
                }));
                """);
        Process install = run(folder, "npm", "install", "--no-fund", "--no-audit", "--loglevel=error", "openai@7.57.0");
        assumeTrue(install.exitValue() == 0, () -> "left out: npm gave no client: " + said(folder, "errors"));

        Process asked = run(folder, "node", "client.mjs", url(), json.writeValueAsString(TEXTS));

        assertThat(asked.exitValue()).as(said(folder, "errors")).isZero();
        JsonNode answer = json.readTree(said(folder, "output"));

        assertThat(answer.at("/ids/0").asString()).isEqualTo("minilm-linformer-4k");
        assertThat(answer.at("/tokens").asInt()).isPositive();
        assertThat(answer.at("/status").asInt()).isEqualTo(404);
        assertVectors(
                answer.at("/vectors").valueStream().map(ClientsTest::vector).toList());
    }

    private static boolean isThere(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static Process run(Path folder, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(folder.resolve("output").toFile())
                .redirectError(folder.resolve("errors").toFile())
                .start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        return process;
    }

    private static String said(Path folder, String file) {
        try {
            return Files.readString(folder.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** They are those that come without a client. */
    private void assertVectors(List<float[]> vectors) throws Exception {
        String body = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(url() + "/embeddings"))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "{\"input\": %s}".formatted(json.writeValueAsString(TEXTS))))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        JsonNode data = json.readTree(body).at("/data");
        assertThat(vectors).hasSize(TEXTS.size());
        for (int i = 0; i < TEXTS.size(); i++) {
            assertThat(vectors.get(i)).containsExactly(vector(data.get(i).at("/embedding")), within(1e-4f));
        }
    }

    private static float[] vector(JsonNode numbers) {
        float[] vector = new float[numbers.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = numbers.get(i).floatValue();
        }
        return vector;
    }
}
