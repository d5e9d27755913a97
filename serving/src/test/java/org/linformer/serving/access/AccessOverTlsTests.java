package org.linformer.serving.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.linformer.zoo.Sha256;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** As it would run for others: with a certificate of its own, keys, and a port for the operators. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = {
            "serving.models=spam-linformer",
            "server.ssl.bundle=serving",
            "management.server.port=0",
            "management.server.address=127.0.0.1",
            "management.server.ssl.enabled=false"
        })
class AccessOverTlsTests {

    @TempDir
    private static Path folder;

    private static Path store;

    @LocalServerPort
    private int port;

    @LocalManagementPort
    private int managementPort;

    @DynamicPropertySource
    static void files(DynamicPropertyRegistry registry) throws IOException, InterruptedException {
        store = folder.resolve("store.p12");
        int status = new ProcessBuilder((Path.of(System.getProperty("java.home"), "bin", "keytool")
                                + " -genkeypair -alias serving -keyalg EC -dname CN=localhost -ext SAN=ip:127.0.0.1"
                                + " -storetype PKCS12 -storepass changeit -keystore " + store)
                        .split(" "))
                .start()
                .waitFor();
        assertThat(status).isZero();
        registry.add("spring.ssl.bundle.jks.serving.keystore.location", () -> "file:" + store);
        registry.add("spring.ssl.bundle.jks.serving.keystore.password", () -> "changeit");
        Path keys = Files.writeString(folder.resolve("keys.txt"), "tests " + Sha256.of("key"));
        registry.add("serving.api-keys-file", keys::toString);
    }

    @Test
    void tellsBrowsersToStayWithTls() throws Exception {
        HttpResponse<String> answer = get("https://127.0.0.1:" + port + "/v1/models", "key");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Strict-Transport-Security"))
                .hasValueSatisfying(value -> assertThat(value).startsWith("max-age="));
    }

    @Test
    void asksForAKeyOnThePortOfTheOperatorsToo() throws Exception {
        String operators = "http://127.0.0.1:" + managementPort;

        assertThat(get(operators + "/actuator/health/readiness", "none").statusCode())
                .isEqualTo(200);
        assertThat(get(operators + "/actuator/prometheus", "none").statusCode()).isEqualTo(401);
        assertThat(get(operators + "/actuator/prometheus", "key").statusCode()).isEqualTo(200);
        assertThat(get("https://127.0.0.1:" + port + "/actuator/prometheus", "key")
                        .statusCode())
                .isEqualTo(404);
    }

    private static HttpResponse<String> get(String uri, String key) throws Exception {
        KeyStore trusted = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        return HttpClient.newBuilder()
                .sslContext(tls)
                .build()
                .send(
                        HttpRequest.newBuilder(URI.create(uri))
                                .header("Authorization", "Bearer " + key)
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }
}
