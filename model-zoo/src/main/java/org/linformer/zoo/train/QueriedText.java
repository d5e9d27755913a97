package org.linformer.zoo.train;

import java.util.List;
import org.linformer.zoo.TokenizedText;

/**
 * A long text, and the vectors of what is short about it.
 *
 * @param text the text
 * @param query the vector of what somebody looks for who wants it
 * @param sentences the vectors of some of its sentences
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record QueriedText(TokenizedText text, float[] query, List<float[]> sentences) {}
