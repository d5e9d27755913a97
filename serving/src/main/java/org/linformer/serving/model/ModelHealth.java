package org.linformer.serving.model;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Up once every model that loads has given its first answer, with what did not load; named {@code model}. */
@Component("model")
final class ModelHealth implements HealthIndicator {

    private final ModelRegistry registry;

    ModelHealth(ModelRegistry registry) {
        this.registry = registry;
    }

    @Override
    public Health health() {
        return Health.up()
                .withDetail(
                        "models", registry.list().stream().map(ModelInfo::id).toList())
                .withDetail("failed", registry.failures())
                .build();
    }
}
