package org.linformer.serving.oip;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.RequestException;
import org.springframework.http.HttpStatus;

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
     * @param data the strings, in a list or, as the protocol has it too, in lists of one each
     */
    @JsonIgnoreProperties("parameters")
    record Tensor(
            @Nullable String name,
            @Nullable String datatype,
            @Nullable List<Integer> shape,
            @Nullable List<? extends @Nullable Object> data) {

        /** The strings of the data, row after row. */
        List<@Nullable String> strings() {
            List<@Nullable String> strings = new ArrayList<>();
            flatten(data == null ? List.of() : data, strings);
            return strings;
        }

        private static void flatten(List<?> data, List<@Nullable String> strings) {
            for (Object each : data) {
                if (each instanceof List<?> inner) {
                    flatten(inner, strings);
                } else if (each == null || each instanceof String) {
                    strings.add((String) each);
                } else {
                    throw new RequestException(
                            HttpStatus.BAD_REQUEST, "data of text must be strings, but one is " + each);
                }
            }
        }
    }

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
