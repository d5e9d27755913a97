package org.linformer.serving;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;

/** The body of a refusal, in the form that the clients of the API that was called can read. */
public enum ErrorForm {
    /** RFC 9457. */
    PROBLEM,
    /** OpenAI's. */
    OPENAI,
    /** That of text-embeddings-inference. */
    TEI,
    /** That of the Open Inference Protocol. */
    OPEN_INFERENCE;

    /**
     * Finds the form of an API.
     *
     * @param path of the request
     * @return the form of its errors
     */
    public static ErrorForm of(String path) {
        if (path.equals("/v1/embeddings") || path.equals("/v1/models") || path.startsWith("/v1/models/")) {
            return OPENAI;
        }
        if (path.equals("/v2") || path.startsWith("/v2/")) {
            return OPEN_INFERENCE;
        }
        return path.matches("/(embed|embed_all|predict|similarity|tokenize|decode|info|rerank|embed_sparse)")
                ? TEI
                : PROBLEM;
    }

    /**
     * Returns the type of the body.
     *
     * @return for the header {@code Content-Type}
     */
    public MediaType type() {
        return this == PROBLEM ? MediaType.APPLICATION_PROBLEM_JSON : MediaType.APPLICATION_JSON;
    }

    /**
     * Writes a refusal.
     *
     * @param problem what must be how, and how it is
     * @return the body
     */
    public Object body(ProblemDetail problem) {
        String message = String.valueOf(problem.getDetail());
        HttpStatus status = HttpStatus.valueOf(problem.getStatus());
        return switch (this) {
            case PROBLEM -> problem;
            case OPENAI -> Map.of("error", openAi(message, status, problem.getProperties()));
            case TEI -> Map.of("error", message, "error_type", teiType(status));
            case OPEN_INFERENCE -> Map.of("error", message);
        };
    }

    private static Map<String, Object> openAi(
            String message, HttpStatus status, @Nullable Map<String, Object> properties) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("message", message);
        error.put("type", status.is5xxServerError() ? "server_error" : openAiType(status));
        error.put("param", null);
        error.put("code", status.name().toLowerCase(Locale.ROOT));
        if (properties != null) {
            error.putAll(properties);
        }
        return error;
    }

    private static String openAiType(HttpStatus status) {
        return status == HttpStatus.TOO_MANY_REQUESTS ? "rate_limit_exceeded" : "invalid_request_error";
    }

    private static String teiType(HttpStatus status) {
        return switch (status) {
            case TOO_MANY_REQUESTS -> "Overloaded";
            case SERVICE_UNAVAILABLE -> "Unhealthy";
            case INTERNAL_SERVER_ERROR, FAILED_DEPENDENCY, GATEWAY_TIMEOUT -> "Backend";
            case BAD_REQUEST -> "Empty";
            default -> "Validation";
        };
    }
}
