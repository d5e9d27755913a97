package org.linformer.serving;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * The settings {@code serving.*}; their defaults stand in {@code application.yaml}.
 *
 * @param models the models that are served: names of the zoo, or folders (a value with a slash). The first that can
 *     do what is asked is the default
 * @param precision in what the models compute: {@code float32}, or {@code bfloat16} where the device is faster with it
 * @param workers batches that are computed at once; 0 is as many as cores, or one on a GPU
 * @param maxTexts texts in one request
 * @param maxTextCharacters characters in one text
 * @param maxRequestSize size of a request's body
 * @param maxBatchTokens tokens that go through a model at once, padding counted
 * @param maxConcurrentRequests requests that wait or are computed at once, more only while all of them are computed in
 *     no time; one too many is refused
 * @param limits by the name of a model, what it is given less of
 * @param requestTimeout time until an answer, and for a body to arrive, after which the request is given up
 * @param apiKeysFile file of the keys that callers may show, a line {@code NAME SHA256} for each; empty asks for none
 * @param open whether everyone may ask, though other machines reach the service and no keys are named
 * @param requestsPerMinute requests but for metrics that the keys of one name may make in a minute; 0 does not count
 *     them
 */
@Validated
@ConfigurationProperties(prefix = "serving", ignoreUnknownFields = false)
public record ServingProperties(
        @NotEmpty List<String> models,

        @Pattern(regexp = "float32|bfloat16", message = "must be float32 or bfloat16")
        String precision,

        @Min(0) int workers,
        @Min(1) int maxTexts,
        @Min(1) int maxTextCharacters,
        @NotNull DataSize maxRequestSize,
        @Min(1) int maxBatchTokens,
        @Min(1) int maxConcurrentRequests,
        @DefaultValue Map<String, @Valid ModelLimits> limits,

        @NotNull @DurationMin(inclusive = false, message = "must be positive")
        Duration requestTimeout,

        @NotNull String apiKeysFile,
        boolean open,
        @Min(0) int requestsPerMinute) {}
