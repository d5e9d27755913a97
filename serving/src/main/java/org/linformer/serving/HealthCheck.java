package org.linformer.serving;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/** The container's health check, for images without curl: ends with 0 if the service is ready to answer. */
public final class HealthCheck {

    private static final int TIMEOUT_MILLIS = 3_000;

    private HealthCheck() {}

    /**
     * Asks the service on this machine, at the port of {@code MANAGEMENT_SERVER_PORT}, else {@code SERVER_PORT}, else
     * 8080.
     *
     * @param arguments none
     * @throws IOException if it does not answer
     */
    public static void main(String[] arguments) throws IOException {
        String port = System.getenv()
                .getOrDefault("MANAGEMENT_SERVER_PORT", System.getenv().getOrDefault("SERVER_PORT", "8080"));
        HttpURLConnection connection =
                (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/actuator/health/readiness")
                        .toURL()
                        .openConnection();
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        System.exit(connection.getResponseCode() == HttpURLConnection.HTTP_OK ? 0 : 1);
    }
}
