package org.linformer.serving.oip;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Texts that want answers.
 *
 * @param id of the request, which comes back with the answer, or null
 * @param parameters {@code truncate}: what happens to a text that is too long, as in our own API; others are left alone
 * @param inputs one tensor {@code text}
 * @param outputs the tensors that are wanted, or null for all that one task gives
 */
record InferRequest(
        @Nullable String id,
        @Nullable Map<String, Object> parameters,
        @Nullable List<Tensor> inputs,
        @Nullable List<Output> outputs) {

    /**
     * What goes in.
     *
     * @param name {@code text}
     * @param datatype {@code BYTES}
     * @param shape number of strings
     * @param data the strings
     */
    @JsonIgnoreProperties("parameters")
    record Tensor(
            @Nullable String name,
            @Nullable String datatype,
            @Nullable List<Integer> shape,
            @Nullable List<@Nullable String> data) {}

    /**
     * What shall come out.
     *
     * @param name of the tensor
     */
    @JsonIgnoreProperties("parameters")
    record Output(@Nullable String name) {}

    @Nullable
    String truncate() {
        Object truncate = parameters == null ? null : parameters.get("truncate");
        return truncate == null ? null : truncate.toString();
    }
}
