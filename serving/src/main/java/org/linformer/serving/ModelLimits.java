package org.linformer.serving;

import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings {@code serving.limits.NAME.*}: what one model is given less of than all have.
 *
 * @param maxTokens tokens of the longest text that is read, where the model could read longer ones; two of them are
 *     special
 * @param maxQueuedTokens tokens that wait for this model; a request that does not fit beside those that wait is
 *     refused, whatever room there is for others. Where none of it waits, a request of any size is let in
 */
public record ModelLimits(
        @Min(3) @DefaultValue("" + Integer.MAX_VALUE) int maxTokens,
        @Min(1) @DefaultValue("" + Integer.MAX_VALUE) int maxQueuedTokens) {

    /** None. */
    public static final ModelLimits NONE = new ModelLimits(Integer.MAX_VALUE, Integer.MAX_VALUE);
}
