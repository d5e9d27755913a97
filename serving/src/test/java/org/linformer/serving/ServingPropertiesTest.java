package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.tomcat.autoconfigure.TomcatServerProperties;
import org.springframework.core.env.StandardEnvironment;
import tools.jackson.databind.json.JsonMapper;

class ServingPropertiesTest {

    @EnableConfigurationProperties({ServingProperties.class, TomcatServerProperties.class})
    static class Settings {}

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withInitializer(new ConfigDataApplicationContextInitializer())
            .withUserConfiguration(Settings.class);

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "serving.workers | -1 | serving.workers must be greater than or equal to 0, but is -1",
                "serving.workers | two | serving.workers must be a whole number, but is two",
                "serving.max-texts | 99999999999 | serving.max-texts must be a whole number, but is 99999999999",
                "serving.request-timeout | soon | serving.request-timeout must be a time such as 30s, but is soon",
                "serving.request-timeout | 0s | serving.request-timeout must be positive, but is PT0S",
                "serving.max-request-size | big | serving.max-request-size must be a size such as 4MB, but is big",
                "serving.open | perhaps | serving.open must be true or false, but is perhaps",
                "serving.models | '' | serving.models must not be empty, but is []",
                "serving.precision | int8 | serving.precision must be float32 or bfloat16, but is int8",
                "serving.max-concurrent-requests | 0 | serving.max-concurrent-requests must be greater than or equal to 1, but is 0",
                "serving.limits.a-model.max-tokens | 2 | serving.limits[a-model].max-tokens must be greater than or equal to 3, but is 2",
                "serving.limits.a-model.max-token | 9 | serving.limits.a-model.max-token must be a setting, but is none",
                "server.tomcat.connection-timeout | soon | server.tomcat.connection-timeout must be a time such as 30s, but is soon",
                "serving.max-text | 3 | serving.max-text must be a setting, but is none",
            })
    void stopsTheStartWithNameRuleAndValue(String name, String value, String message) {
        runner.withPropertyValues(name + "=" + value).run(context -> {
            assertThat(context).hasFailed();
            FailureAnalysis analysis = new WrongSetting().analyze(context.getStartupFailure());
            assertThat(analysis).isNotNull();
            assertThat(analysis.getDescription()).startsWith(message).hasLineCount(1);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"0B", "-1MB", "1025MB"})
    void takesNoSizeOfARequestThatIsOutOfBounds(String size) {
        runner.withPropertyValues("serving.max-request-size=" + size)
                .run(context -> assertThatThrownBy(() -> new RequestBodyFilter(
                                context.getBean(ServingProperties.class),
                                new Refusals(new JsonMapper()),
                                new SimpleMeterRegistry()))
                        .hasMessageContainingAll("serving.max-request-size", "must be positive, and at most 1GB"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SERVING_MAX_TEXT",
                "serving_workerz",
                "SERVING_LIMITS_SPAM_LINFORMER_MAXTOKENS",
                "SERVING_LIMITS_SPAM-LINFORMER_MAX_TOKENS",
            })
    void stopsTheStartForAVariableThatIsNoSetting(String name) {
        // not its value, which may be a key
        assertThatThrownBy(() -> check(name)).hasMessage(name + " must be a setting, but is none");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SERVING_MAX_TEXTS",
                "SERVING_MAXTEXTS",
                "SERVING_MODELS_0",
                "SERVING_LIMITS_SPAM-LINFORMER_MAXTOKENS",
                "SERVINGS",
            })
    void takesAVariableThatIsASettingOrOfSomethingElse(String name) {
        assertThatCode(() -> check(name)).doesNotThrowAnyException();
    }

    private static void check(String variable) {
        StandardEnvironment environment = new StandardEnvironment() {
            @Override
            public Map<String, Object> getSystemEnvironment() {
                return Map.of(variable, "3");
            }
        };
        new UnknownVariables().postProcessEnvironment(environment, new SpringApplication());
    }
}
