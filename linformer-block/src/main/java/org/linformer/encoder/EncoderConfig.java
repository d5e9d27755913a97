package org.linformer.encoder;

import org.linformer.attention.AttentionConfig;

/**
 * What an encoder is built from.
 *
 * @param numLayers number of layers
 * @param ffDim width of the feed-forward network
 * @param activation its activation
 * @param normFirst whether a sublayer normalises its input (pre-norm) and not its sum (post-norm, as in BERT)
 * @param finalNorm whether a last normalisation stands behind the layers: usual with pre-norm, whose sums are not normalised
 * @param normEpsilon added to the variance by layer normalisation
 * @param dropout share of embeddings and sublayer outputs that is dropped in training, in [0, 1)
 * @param attention the attention, with width and longest input of the whole encoder
 */
public record EncoderConfig(
        int numLayers,
        int ffDim,
        Activation activation,
        boolean normFirst,
        boolean finalNorm,
        float normEpsilon,
        float dropout,
        AttentionConfig attention) {

    /** Activation of the feed-forward network. */
    public enum Activation {
        /** x Φ(x), with the error function and not its tanh approximation. */
        GELU,
        /** max(x, 0). */
        RELU
    }

    public EncoderConfig {
        requirePositive("numLayers", numLayers);
        requirePositive("ffDim", ffDim);
        if (!(normEpsilon > 0)) {
            throw new IllegalArgumentException("normEpsilon must be positive, but is " + normEpsilon);
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("dropout must be in [0, 1), but is " + dropout);
        }
    }

    static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("%s must be positive, but is %d".formatted(name, value));
        }
    }
}
