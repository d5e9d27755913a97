package org.linformer.serving.access;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.Principal;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.linformer.serving.Refusals;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.web.filter.OncePerRequestFilter;

/** Bounds the requests of each key's name, but for metrics: so many at once, and as many again in each minute. */
final class RateLimitFilter extends OncePerRequestFilter {

    private static final Set<String> METRICS = Set.of("/metrics", "/actuator/prometheus");

    private final int requestsPerMinute;
    private final Refusals refusals;
    private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();

    RateLimitFilter(int requestsPerMinute, Refusals refusals) {
        this.requestsPerMinute = requestsPerMinute;
        this.refusals = refusals;
    }

    /** Who watches the service does not spend what the callers may. */
    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return METRICS.contains(request.getRequestURI());
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Principal caller = request.getUserPrincipal();
        if (caller != null) {
            ConsumptionProbe probe =
                    buckets.computeIfAbsent(caller.getName(), name -> bucket()).tryConsumeAndReturnRemaining(1);
            if (!probe.isConsumed()) {
                long seconds = TimeUnit.NANOSECONDS.toSeconds(probe.getNanosToWaitForRefill()) + 1;
                response.setHeader(HttpHeaders.RETRY_AFTER, String.valueOf(seconds));
                refusals.write(
                        request,
                        response,
                        HttpStatus.TOO_MANY_REQUESTS,
                        "requests of %s must be at most serving.requests-per-minute=%d, but are more"
                                .formatted(caller.getName(), requestsPerMinute));
                return;
            }
        }
        chain.doFilter(request, response);
    }

    private Bucket bucket() {
        return Bucket.builder()
                .addLimit(limit ->
                        limit.capacity(requestsPerMinute).refillGreedy(requestsPerMinute, Duration.ofMinutes(1)))
                .build();
    }
}
