package org.linformer.zoo.train;

import org.linformer.zoo.TokenizedText;

/**
 * A tokenized text with the number of its label.
 *
 * @param text the text
 * @param label index of its label
 */
public record LabelledText(TokenizedText text, int label) {}
