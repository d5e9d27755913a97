package org.linformer.serving;

import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.linformer.serving.model.UnavailableException;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.util.unit.DataSize;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Stops a body that is too large, that takes too long, or that is one too many, while it is read: Tomcat itself bounds
 * the size of forms and the time between two pieces only. A compressed body, which would have another size once
 * unpacked, is not taken.
 */
@Component
final class RequestBodyFilter extends OncePerRequestFilter {

    /** A body that is not read to its end. */
    static final class BodyException extends IOException {

        private static final long serialVersionUID = 1;

        private final HttpStatus status;

        BodyException(HttpStatus status, String message) {
            super(message);
            this.status = status;
        }

        HttpStatus status() {
            return status;
        }
    }

    /** Bodies of the largest size whose bytes may be there at once: a token id of four digits takes 5, once read 20. */
    private static final int WHOLE_BODIES = 24;

    private static final DataSize LARGEST = DataSize.ofGigabytes(1);

    private final long limit;
    private final Duration time;
    private final Refusals refusals;
    private final MeterRegistry meters;
    private final long limitOfAll;
    private final AtomicLong bytesOfAll = new AtomicLong();

    RequestBodyFilter(ServingProperties properties, Refusals refusals, MeterRegistry meters) {
        limit = properties.maxRequestSize().toBytes();
        if (limit < 1 || limit > LARGEST.toBytes()) {
            throw new InvalidConfigurationPropertyValueException(
                    "serving.max-request-size", properties.maxRequestSize(), "must be positive, and at most 1GB");
        }
        time = properties.requestTimeout();
        this.refusals = refusals;
        this.meters = meters;
        limitOfAll = WHOLE_BODIES * limit;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        String encoding = request.getHeader(HttpHeaders.CONTENT_ENCODING);
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            response.setHeader(HttpHeaders.ACCEPT_ENCODING, "identity");
            refusals.write(
                    request,
                    response,
                    HttpStatus.UNSUPPORTED_MEDIA_TYPE,
                    "body must be sent as it is, without a Content-Encoding, but is encoded");
            return;
        }
        if (request.getContentLengthLong() > limit) {
            refusals.write(
                    request,
                    response,
                    HttpStatus.CONTENT_TOO_LARGE,
                    "body must be at most serving.max-request-size=%d bytes, but is %d"
                            .formatted(limit, request.getContentLengthLong()));
            return;
        }
        Bounded bounded = new Bounded(request);
        try {
            chain.doFilter(bounded, response);
        } finally {
            bytesOfAll.addAndGet(-bounded.bytes);
        }
    }

    private final class Bounded extends HttpServletRequestWrapper {

        private long bytes;

        Bounded(HttpServletRequest request) {
            super(request);
        }

        @Override
        public ServletInputStream getInputStream() throws IOException {
            return new CountingStream(super.getInputStream(), this);
        }
    }

    private final class CountingStream extends ServletInputStream {

        private final ServletInputStream in;
        private final Bounded request;
        private final long began = System.nanoTime();

        CountingStream(ServletInputStream in, Bounded request) {
            this.in = in;
            this.request = request;
        }

        private int counted(int read) throws IOException {
            int bytes = Math.max(read, 0);
            request.bytes += bytes;
            long ofAll = bytesOfAll.addAndGet(bytes);
            if (request.bytes > limit) {
                throw new BodyException(
                        HttpStatus.CONTENT_TOO_LARGE,
                        "body must be at most serving.max-request-size=%d bytes, but is longer".formatted(limit));
            }
            if (ofAll > limitOfAll) {
                meters.counter("linformer.rejected", "reason", UnavailableException.Reason.BUSY.toString())
                        .increment();
                throw new BodyException(
                        HttpStatus.TOO_MANY_REQUESTS,
                        "bodies that are being read must be at most %d times serving.max-request-size=%d together, but are more"
                                .formatted(WHOLE_BODIES, limit));
            }
            if (System.nanoTime() - began > time.toNanos()) {
                throw new BodyException(
                        HttpStatus.REQUEST_TIMEOUT,
                        "body must arrive within serving.request-timeout=%s, but did not".formatted(time));
            }
            return read;
        }

        @Override
        public int read() throws IOException {
            int value = in.read();
            counted(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return counted(in.read(bytes, offset, length));
        }

        @Override
        public boolean isFinished() {
            return in.isFinished();
        }

        @Override
        public boolean isReady() {
            return in.isReady();
        }

        @Override
        public void setReadListener(ReadListener listener) {
            in.setReadListener(listener);
        }
    }
}
