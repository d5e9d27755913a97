package org.linformer.serving.model;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Up once every model that loads has given its first answer, with what did not load; named {@code model}. */
@Component("model")
final class ModelHealth implements HealthIndicator {

    private final Models models;

    ModelHealth(Models models) {
        this.models = models;
    }

    @Override
    public Health health() {
        return Health.up()
                .withDetail("models", models.list().stream().map(ModelInfo::id).toList())
                .withDetail("failed", models.failures())
                .build();
    }
}
