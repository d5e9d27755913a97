package org.linformer.serving;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.Objects;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** The answer to a request that is refused before it reaches a controller, in the form of the API that was called. */
@Component
public final class Refusals {

    private final JsonMapper json;

    Refusals(JsonMapper json) {
        this.json = json;
    }

    /**
     * Answers.
     *
     * @param request what is refused
     * @param response the answer; its headers may be set before
     * @param status its status
     * @param detail what must be how, and how it is
     * @throws IOException if the client has gone
     */
    public void write(HttpServletRequest request, HttpServletResponse response, HttpStatus status, String detail)
            throws IOException {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, detail);
        Object failed = request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI);
        String path =
                Objects.requireNonNullElse(failed, request.getRequestURI()).toString();
        // two slashes would begin a host name
        problem.setInstance(URI.create(path.replaceFirst("^/+", "/")));
        ErrorForm form = ErrorForm.of(path);
        response.setStatus(status.value());
        response.setContentType(form.type().toString());
        response.getOutputStream().write(json.writeValueAsBytes(form.body(problem)));
    }
}
