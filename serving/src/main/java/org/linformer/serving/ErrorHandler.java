package org.linformer.serving;

import jakarta.servlet.ServletException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.model.TextLengthException;
import org.linformer.serving.model.UnavailableException;
import org.linformer.serving.model.UnknownModelException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

/** Every refusal as a problem detail (RFC 9457): what must be how, and how it is. */
@RestControllerAdvice
final class ErrorHandler extends ResponseEntityExceptionHandler {

    private static final int LONGEST_DETAIL = 300;

    @ExceptionHandler
    ResponseEntity<ProblemDetail> refuse(RequestException e) {
        return problem(e.status(), e.getMessage());
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> refuse(UnknownModelException e) {
        return problem(HttpStatus.NOT_FOUND, e.getMessage());
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> refuse(TextLengthException e) {
        ResponseEntity<ProblemDetail> problem = problem(HttpStatus.UNPROCESSABLE_CONTENT, e.getMessage());
        ProblemDetail detail = problem.getBody();
        if (detail != null) {
            detail.setProperty("index", e.index());
            detail.setProperty("tokens", e.tokens());
            detail.setProperty("max_tokens", e.maxTokens());
        }
        return problem;
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> refuse(UnavailableException e) {
        HttpStatus status = switch (e.reason()) {
            case QUEUE_FULL -> HttpStatus.TOO_MANY_REQUESTS;
            case DEADLINE -> HttpStatus.GATEWAY_TIMEOUT;
            case ENGINE, STOPPING -> HttpStatus.SERVICE_UNAVAILABLE;
        };
        HttpHeaders headers = new HttpHeaders();
        if (!e.retryAfter().isZero()) {
            headers.set(HttpHeaders.RETRY_AFTER, String.valueOf(e.retryAfter().toSeconds()));
        }
        return new ResponseEntity<>(ProblemDetail.forStatusAndDetail(status, e.getMessage()), headers, status);
    }

    private static ResponseEntity<ProblemDetail> problem(HttpStatus status, @Nullable String detail) {
        return new ResponseEntity<>(
                ProblemDetail.forStatusAndDetail(status, shortened(String.valueOf(detail))), status);
    }

    /** The caller's value stands at the end; it may be anything, a whole text in the wrong field too. */
    private static String shortened(String detail) {
        return detail.length() <= LONGEST_DETAIL ? detail : detail.substring(0, LONGEST_DETAIL) + "…";
    }

    @Override
    protected ResponseEntity<Object> handleHttpMessageNotReadable(
            HttpMessageNotReadableException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof RequestSizeFilter.TooLargeException tooLarge) {
                return body(HttpStatus.CONTENT_TOO_LARGE, String.valueOf(tooLarge.getMessage()), headers, e, request);
            }
        }
        return body(HttpStatus.BAD_REQUEST, reason(e), headers, e, request);
    }

    private ResponseEntity<Object> body(
            HttpStatus status, String detail, HttpHeaders headers, Exception e, WebRequest request) {
        ResponseEntity<Object> answer = handleExceptionInternal(
                e, ProblemDetail.forStatusAndDetail(status, shortened(detail)), headers, status, request);
        return answer == null ? new ResponseEntity<>(status) : answer;
    }

    /** Says where the body is no request; it never repeats what stood there, for that is the user's text. */
    private static String reason(HttpMessageNotReadableException e) {
        Throwable cause = e.getCause();
        if (cause instanceof UnrecognizedPropertyException unknown) {
            return "field must be one of %s, but is %s"
                    .formatted(
                            unknown.getKnownPropertyIds().stream()
                                    .map(String::valueOf)
                                    .sorted()
                                    .toList(),
                            unknown.getPropertyName());
        }
        if (cause instanceof DatabindException wrong) {
            String path = wrong.getPath().stream()
                    .map(step -> step.getPropertyName() == null ? "[" + step.getIndex() + "]" : step.getPropertyName())
                    .collect(Collectors.joining("."));
            return path.isEmpty()
                    ? "body must be a JSON object, but is something else"
                    : "%s must have the type that the API names, but has another".formatted(path.replace(".[", "["));
        }
        if (cause instanceof StreamReadException broken && broken.getLocation() != null) {
            return "body must be JSON, but breaks the rules at line %d, column %d"
                    .formatted(
                            broken.getLocation().getLineNr(),
                            broken.getLocation().getColumnNr());
        }
        return "body must be a JSON object, but is not";
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> fail(Exception e) {
        logger.error("a request failed", e);
        return problem(
                HttpStatus.INTERNAL_SERVER_ERROR, "request must be answered, but the service failed; see its log");
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> fail(ServletException e) {
        return problem(HttpStatus.BAD_REQUEST, "request must be well-formed HTTP, but is not");
    }
}
