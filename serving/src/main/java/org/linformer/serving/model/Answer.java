package org.linformer.serving.model;

/**
 * What a model says of one text, and how much of it the model read.
 *
 * @param <T> what it says
 * @param value what it says
 * @param tokensRead tokens that were read, special tokens counted
 * @param tokensTotal tokens of the whole text
 * @param windows parts in which it was read, 1 if at once
 */
public record Answer<T>(T value, int tokensRead, int tokensTotal, int windows) {}
