package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class ServingPropertiesTest {

    @EnableConfigurationProperties(ServingProperties.class)
    static class Settings {}

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withInitializer(new ConfigDataApplicationContextInitializer())
            .withUserConfiguration(Settings.class);

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource({
        "workers, 0, workers",
        "threads-per-worker, -1, threadsPerWorker",
        "max-texts, 0, maxTexts",
        "max-batch-tokens, many, max-batch-tokens",
        "request-timeout, 0s, requestTimeoutPositive",
        "max-concurrent-requests, 0, maxConcurrentRequests",
        "models, '', models",
        "precision, int8, must be float32 or bfloat16",
    })
    void stopsTheStartWithTheNameOfAWrongValue(String name, String value, String named) {
        runner.withPropertyValues("serving.%s=%s".formatted(name, value))
                .run(context -> assertThat(context).hasFailed().getFailure().hasStackTraceContaining(named));
    }

    @ParameterizedTest
    @CsvSource({"2, 3, 3", "1, 1, 1"})
    void takesTheThreadsThatAreNamed(int workers, int threads, int expected) {
        runner.withPropertyValues("serving.workers=" + workers, "serving.threads-per-worker=" + threads)
                .run(context -> assertThat(
                                context.getBean(ServingProperties.class).intraOpThreads())
                        .isEqualTo(expected));
    }
}
