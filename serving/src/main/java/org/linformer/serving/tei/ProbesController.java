package org.linformer.serving.tei;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Where text-embeddings-inference is asked whether it is well. */
@RestController
final class ProbesController {

    private final ApplicationAvailability availability;
    private final PrometheusMeterRegistry metrics;

    ProbesController(ApplicationAvailability availability, PrometheusMeterRegistry metrics) {
        this.availability = availability;
        this.metrics = metrics;
    }

    @GetMapping({"/health", "/ping"})
    ResponseEntity<Void> health() {
        boolean isReady = availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC;
        return ResponseEntity.status(isReady ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
                .build();
    }

    @GetMapping(path = "/metrics", produces = MediaType.TEXT_PLAIN_VALUE)
    String metrics() {
        return metrics.scrape();
    }
}
