package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Spans over OTLP, to a collector that keeps what it is sent. A test context would not export them. */
class TracingTest {

    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

    @Test
    void sendsTheSpansOfARequestToTheCollectorThatIsNamed() throws Exception {
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        HttpServer collector = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            synchronized (sent) {
                exchange.getRequestBody().transferTo(sent);
            }
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        try (ConfigurableApplicationContext service = SpringApplication.run(
                ServingApplication.class,
                "--server.port=0",
                "--serving.models=spam-linformer",
                "--management.opentelemetry.tracing.export.otlp.timeout=5m",
                "--management.opentelemetry.tracing.export.otlp.endpoint=http://127.0.0.1:%d/v1/traces"
                        .formatted(collector.getAddress().getPort()))) {
            classify(service);
            assertThat(service.getBean(SdkTracerProvider.class)
                            .forceFlush()
                            .join(5, TimeUnit.MINUTES)
                            .isSuccess())
                    .isTrue();
        } finally {
            collector.stop(0);
        }

        // protobuf: names stand in it as they are, and the trace's id as its bytes
        String spans = sent.toString(StandardCharsets.ISO_8859_1);
        assertThat(spans).contains("http post /v1/classify", "linformer.requests", "spam-linformer");
        assertThat(spans).contains(new String(HexFormat.of().parseHex(TRACE), StandardCharsets.ISO_8859_1));
        assertThat(spans).doesNotContain("Xyzzy");
    }

    @Test
    void namesTracesOnlyWhereEveryPrometheusTakesThem() throws Exception {
        try (ConfigurableApplicationContext service =
                SpringApplication.run(ServingApplication.class, "--server.port=0", "--serving.models=spam-linformer")) {
            classify(service);

            String metrics = send(request(service, "/actuator/prometheus")
                            .header("Accept", "application/openmetrics-text; version=1.0.0"))
                    .body();
            assertThat(metrics.lines().filter(line -> line.contains(" # {")))
                    .isNotEmpty()
                    .allMatch(line -> line.matches("\\w+_(bucket|total)[{ ].*"));
        }
    }

    private static void classify(ConfigurableApplicationContext service) throws Exception {
        HttpResponse<String> answer = send(request(service, "/v1/classify")
                .header("Content-Type", "application/json")
                .header("traceparent", "00-%s-00f067aa0ba902b7-01".formatted(TRACE))
                .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"Xyzzy\"}")));
        assertThat(answer.statusCode()).isEqualTo(200);
    }

    private static HttpRequest.Builder request(ConfigurableApplicationContext service, String path) {
        String port = service.getEnvironment().getProperty("local.server.port");
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:%s%s".formatted(port, path)));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
