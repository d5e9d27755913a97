package org.linformer.serving.model;

/**
 * A label and how sure the model is.
 *
 * @param label the label
 * @param score its probability, in [0, 1]
 */
public record Label(String label, double score) {}
