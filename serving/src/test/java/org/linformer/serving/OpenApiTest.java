package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The API's document says what the service does: it names every endpoint, and each of its examples is sent. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "server.tomcat.threads.max=8")
class OpenApiTest {

    private static final SchemaRegistry SCHEMAS = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private static final JsonNode API = read();

    @LocalServerPort
    private int port;

    @Autowired
    private JsonMapper json;

    @Autowired
    private RequestMappingHandlerMapping requestMappingHandlerMapping;

    private final HttpClient client = HttpClient.newHttpClient();

    private static JsonNode read() {
        InputStream document = OpenApiTest.class.getResourceAsStream("/static/openapi.yaml");
        return new YAMLMapper().readTree(document);
    }

    private static List<Map.Entry<String, JsonNode>> operations() {
        List<Map.Entry<String, JsonNode>> operations = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : API.get("paths").properties()) {
            for (String method : List.of("get", "post")) {
                if (path.getValue().has(method)) {
                    operations.add(Map.entry(
                            method.toUpperCase(Locale.ROOT) + " " + path.getKey(),
                            path.getValue().get(method)));
                }
            }
        }
        return operations;
    }

    @Test
    void namesEveryEndpoint() {
        Set<String> served = new TreeSet<>();
        requestMappingHandlerMapping
                .getHandlerMethods()
                .keySet()
                .forEach(mapping -> mapping.getMethodsCondition()
                        .getMethods()
                        .forEach(method -> mapping.getPatternValues().stream()
                                .filter(path -> !path.contains("/versions/"))
                                .forEach(path -> served.add(method + " " + path))));
        served.add("GET /actuator/health/readiness");
        served.add("GET /actuator/prometheus");

        assertThat(operations()).extracting(Map.Entry::getKey).containsExactlyInAnyOrderElementsOf(served);
    }

    static List<Arguments> examples() {
        List<Arguments> examples = new ArrayList<>();
        for (Map.Entry<String, JsonNode> operation : operations()) {
            JsonNode bodies = operation.getValue().at("/requestBody/content/application~1json/examples");
            if (bodies.isMissingNode()) {
                examples.add(Arguments.of(operation.getKey(), "", null));
            }
            bodies.properties()
                    .forEach(example -> examples.add(Arguments.of(
                            operation.getKey(),
                            example.getKey(),
                            example.getValue().get("value"))));
        }
        return examples;
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("examples")
    void saysTheTruth(String endpoint, String example, @Nullable JsonNode body) throws Exception {
        JsonNode operation = operations().stream()
                .filter(other -> other.getKey().equals(endpoint))
                .findFirst()
                .orElseThrow()
                .getValue();
        if (body != null) {
            conforms(body, operation.at("/requestBody/content/application~1json/schema"));
        }
        String[] methodAndPath = endpoint.split(" ");
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s"
                                .formatted(port, methodAndPath[1].replace("{name}", nameFor(body)))))
                        .header("Content-Type", "application/json")
                        .method(
                                methodAndPath[0],
                                body == null
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(json.writeValueAsString(body)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        // the packaged models are not loaded again
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(endpoint.endsWith("/reload") ? 409 : 200);
        JsonNode documented = resolved(
                answer.statusCode() == 200 ? operation.at("/responses/200") : operation.at("/responses/default"));
        if (documented.has("content")) {
            Map.Entry<String, JsonNode> content =
                    documented.get("content").properties().iterator().next();
            assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
                    .startsWith(content.getKey());
            if (content.getKey().endsWith("json")) {
                conforms(json.readTree(answer.body()), content.getValue().get("schema"));
            }
        } else {
            assertThat(answer.body()).isEmpty();
        }
        if (documented.has("headers")) {
            assertThat(answer.headers().map()).containsKey("server-timing");
        }
    }

    /** The example of the parameter, or a model that gives the tensors which the body asks for. */
    private static String nameFor(@Nullable JsonNode body) {
        return body != null && body.at("/outputs/0/name").asString("").equals("embedding")
                ? "minilm-linformer-4k"
                : API.at("/components/parameters/name/example").asString();
    }

    private static JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? API.at(node.get("$ref").asString().substring(1)) : node;
    }

    /** References begin at the root of a document, so that the schema is put beside the document's components. */
    private void conforms(JsonNode value, JsonNode schema) {
        ObjectNode root = json.createObjectNode();
        root.set("components", API.get("components"));
        root.putArray("allOf").add(schema);

        assertThat(SCHEMAS.getSchema(root).validate(value)).as(value.toString()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pages")
    void showsItInAPage(String path, String content) throws Exception {
        HttpResponse<String> page = client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains(content);
    }

    static List<Arguments> pages() {
        return List.of(
                Arguments.of("/api.html", "swagger-ui"),
                Arguments.of("/api.js", "openapi.yaml"),
                Arguments.of("/openapi.yaml", "openapi: 3.1.0"),
                Arguments.of("/webjars/swagger-ui/swagger-ui.css", ".swagger-ui"),
                Arguments.of("/webjars/swagger-ui/swagger-ui-bundle.js", "SwaggerUIBundle"));
    }
}
