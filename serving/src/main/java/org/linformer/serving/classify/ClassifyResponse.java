package org.linformer.serving.classify;

import java.util.List;
import org.linformer.serving.Tokens;
import org.linformer.serving.model.Label;

/**
 * The labels of texts.
 *
 * @param model the model
 * @param results each text's labels, in the order of the texts
 */
record ClassifyResponse(String model, List<Result> results) {

    /**
     * The labels of one text.
     *
     * @param labels the labels, the most probable first
     * @param tokens how much of the text was read
     */
    record Result(List<Label> labels, Tokens tokens) {}
}
