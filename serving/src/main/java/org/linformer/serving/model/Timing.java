package org.linformer.serving.model;

/**
 * Where the time of a request went, in nanoseconds.
 *
 * @param tokenize texts to tokens
 * @param queue the longest that one of its texts waited for a worker
 * @param inference the longest that a batch with one of its texts was computed
 */
public record Timing(long tokenize, long queue, long inference) {}
