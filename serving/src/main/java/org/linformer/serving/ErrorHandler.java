package org.linformer.serving;

import java.net.SocketTimeoutException;
import java.util.stream.Collectors;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.model.ClientGoneException;
import org.linformer.serving.model.TextLengthException;
import org.linformer.serving.model.UnavailableException;
import org.linformer.serving.model.UnknownModelException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.web.HttpMediaTypeNotAcceptableException;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import org.springframework.web.servlet.resource.NoResourceFoundException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

/** Every refusal in the form of the API that was called: what must be how, and how it is. */
@RestControllerAdvice
final class ErrorHandler extends ResponseEntityExceptionHandler {

    private static final int LONGEST_DETAIL = 300;
    private static final int CLIENT_CLOSED_REQUEST = 499; // nginx's number

    @ExceptionHandler
    ResponseEntity<Object> refuse(NoTextException e, WebRequest request) {
        return answer(problem(e.status(), e.getMessage()), new HttpHeaders(), request);
    }

    @ExceptionHandler
    ResponseEntity<Object> refuse(RequestException e, WebRequest request) {
        // text-embeddings-inference says 413 of bodies alone
        HttpStatus status = e.status() == HttpStatus.CONTENT_TOO_LARGE && form(request) == ErrorForm.TEI
                ? HttpStatus.BAD_REQUEST
                : e.status();
        return answer(problem(ofForm(status, request), e.getMessage()), new HttpHeaders(), request);
    }

    @ExceptionHandler
    ResponseEntity<Object> refuse(UnknownModelException e, WebRequest request) {
        return answer(problem(HttpStatus.NOT_FOUND, e.getMessage()), new HttpHeaders(), request);
    }

    @ExceptionHandler
    ResponseEntity<Object> refuse(TextLengthException e, WebRequest request) {
        ProblemDetail problem = problem(HttpStatus.UNPROCESSABLE_CONTENT, e.getMessage());
        problem.setProperty("index", e.index());
        problem.setProperty("tokens", e.tokens());
        problem.setProperty("max_tokens", e.maxTokens());
        return answer(problem, new HttpHeaders(), request);
    }

    @ExceptionHandler
    ResponseEntity<Object> refuse(UnavailableException e, WebRequest request) {
        HttpStatus status = switch (e.reason()) {
            case QUEUE_FULL, BUSY -> HttpStatus.TOO_MANY_REQUESTS;
            case DEADLINE -> HttpStatus.GATEWAY_TIMEOUT;
            case ENGINE ->
                form(request) == ErrorForm.TEI ? HttpStatus.FAILED_DEPENDENCY : HttpStatus.SERVICE_UNAVAILABLE;
            case STOPPING -> HttpStatus.SERVICE_UNAVAILABLE;
        };
        HttpHeaders headers = new HttpHeaders();
        if (!e.retryAfter().isZero()) {
            headers.set(HttpHeaders.RETRY_AFTER, String.valueOf(e.retryAfter().toSeconds()));
        }
        return answer(problem(status, e.getMessage()), headers, request);
    }

    @ExceptionHandler
    ResponseEntity<Object> refuse(InvalidParameterException e, WebRequest request) {
        return answer(
                problem(ofForm(HttpStatus.BAD_REQUEST, request), "query and form must be percent-encoded, but are not"),
                new HttpHeaders(),
                request);
    }

    /** Nobody reads this answer; metrics and spans have its status. */
    @ExceptionHandler
    ResponseEntity<Object> refuse(ClientGoneException e) {
        return ResponseEntity.status(CLIENT_CLOSED_REQUEST).build();
    }

    /** To text-embeddings-inference 400 says that there is nothing to read; of whatever else is wrong it says 422. */
    private static HttpStatusCode ofForm(HttpStatusCode status, WebRequest request) {
        return status.isSameCodeAs(HttpStatus.BAD_REQUEST) && form(request) == ErrorForm.TEI
                ? HttpStatus.UNPROCESSABLE_CONTENT
                : status;
    }

    private static ProblemDetail problem(HttpStatusCode status, @Nullable String detail) {
        return ProblemDetail.forStatusAndDetail(status, shortened(String.valueOf(detail)));
    }

    private static ErrorForm form(WebRequest request) {
        return ErrorForm.of(
                request instanceof ServletWebRequest servlet
                        ? servlet.getRequest().getRequestURI()
                        : "");
    }

    private static ResponseEntity<Object> answer(ProblemDetail problem, HttpHeaders headers, WebRequest request) {
        ErrorForm form = form(request);
        headers.setContentType(form.type());
        return new ResponseEntity<>(form.body(problem), headers, HttpStatusCode.valueOf(problem.getStatus()));
    }

    /** What Spring itself refuses. */
    @Override
    protected ResponseEntity<Object> createResponseEntity(
            @Nullable Object body, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        ProblemDetail problem = body instanceof ProblemDetail detail ? detail : ProblemDetail.forStatus(status);
        problem.setStatus(ofForm(status, request).value());
        HttpHeaders own = new HttpHeaders();
        own.addAll(headers);
        return answer(problem, own, request);
    }

    /** The caller's value stands at the end; it may be anything, a whole text in the wrong field too. */
    private static String shortened(String detail) {
        return detail.length() <= LONGEST_DETAIL ? detail : detail.substring(0, LONGEST_DETAIL) + "…";
    }

    @Override
    protected ResponseEntity<Object> handleHttpMessageNotReadable(
            HttpMessageNotReadableException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof RequestBodyFilter.BodyException body) {
                if (body.status() == HttpStatus.TOO_MANY_REQUESTS) {
                    headers.set(HttpHeaders.RETRY_AFTER, "1");
                }
                return refused(body.status(), String.valueOf(body.getMessage()), headers, e, request);
            }
            if (cause instanceof SocketTimeoutException) {
                return refused(
                        HttpStatus.REQUEST_TIMEOUT,
                        "body must come without a pause, but stood still until the connection timed out",
                        headers,
                        e,
                        request);
            }
        }
        return refused(HttpStatus.BAD_REQUEST, reason(e), headers, e, request);
    }

    @Override
    protected ResponseEntity<Object> handleHttpRequestMethodNotSupported(
            HttpRequestMethodNotSupportedException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        String detail = "method must be one of %s, but is %s".formatted(e.getSupportedHttpMethods(), e.getMethod());
        return refused(HttpStatus.METHOD_NOT_ALLOWED, detail, headers, e, request);
    }

    @Override
    protected ResponseEntity<Object> handleHttpMediaTypeNotSupported(
            HttpMediaTypeNotSupportedException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        String detail = "Content-Type must be application/json, but is "
                + (e.getContentType() == null ? "missing" : e.getContentType());
        return refused(HttpStatus.UNSUPPORTED_MEDIA_TYPE, detail, headers, e, request);
    }

    @Override
    protected ResponseEntity<Object> handleHttpMediaTypeNotAcceptable(
            HttpMediaTypeNotAcceptableException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        String detail = "Accept must name one of %s, but is %s"
                .formatted(e.getSupportedMediaTypes(), request.getHeader(HttpHeaders.ACCEPT));
        return refused(HttpStatus.NOT_ACCEPTABLE, detail, headers, e, request);
    }

    @Override
    protected ResponseEntity<Object> handleNoResourceFoundException(
            NoResourceFoundException e, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        String detail = "path must be one of the API, but is /" + e.getResourcePath();
        return refused(HttpStatus.NOT_FOUND, detail, headers, e, request);
    }

    private ResponseEntity<Object> refused(
            HttpStatus status, String detail, HttpHeaders headers, Exception e, WebRequest request) {
        ResponseEntity<Object> answer = handleExceptionInternal(e, problem(status, detail), headers, status, request);
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
        if (cause instanceof StreamConstraintsException) {
            return "body must keep to the limits of JSON here, 32 arrays and objects in each other and numbers of 1,000"
                    + " digits, but does not";
        }
        if (cause instanceof InputCoercionException tooLarge && tooLarge.getLocation() != null) {
            return "number must fit the type that the API names, but at line %d, column %d does not"
                    .formatted(
                            tooLarge.getLocation().getLineNr(),
                            tooLarge.getLocation().getColumnNr());
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
    ResponseEntity<Object> fail(Exception e, WebRequest request) {
        logger.error("a request failed", e);
        return answer(
                problem(
                        HttpStatus.INTERNAL_SERVER_ERROR,
                        "request must be answered, but the service failed; see its log"),
                new HttpHeaders(),
                request);
    }
}
