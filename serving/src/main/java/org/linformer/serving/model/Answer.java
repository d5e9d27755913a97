package org.linformer.serving.model;

/**
 * What a model says of one text, and how much of it the model read.
 *
 * @param <T> what it says
 * @param value what it says
 * @param tokensRead tokens that were read, special tokens counted
 * @param tokensTotal tokens of the whole text
 */
public record Answer<T>(T value, int tokensRead, int tokensTotal) {}
