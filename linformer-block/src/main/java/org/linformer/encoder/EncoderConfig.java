package org.linformer.encoder;

import org.linformer.attention.AttentionConfig;
import org.linformer.attention.LinformerAttention;

/**
 * What an encoder is built from.
 *
 * @param numLayers number of layers
 * @param ffDim width of the feed-forward network
 * @param activation its activation
 * @param normFirst whether a sublayer normalises its input (pre-norm) and not its sum (post-norm, as in BERT)
 * @param finalNorm whether a last normalisation stands behind the layers: usual with pre-norm, whose sums are not
 *     normalised
 * @param normEpsilon added to the variance by layer normalisation
 * @param dropout share of embeddings and sublayer outputs that is dropped in training, in [0, 1)
 * @param attention the attention, with width and longest input of the whole encoder
 * @param apart whether the positions behind the first k have layers of their own: the first k are encoded as they are
 *     alone, by full attention, whatever the layers of the others learn. The attention must be Linformer's with one k,
 *     {@link LinformerAttention.Exact#FIRST_POSITIONS}, and the layers post-norm
 */
public record EncoderConfig(
        int numLayers,
        int ffDim,
        Activation activation,
        boolean normFirst,
        boolean finalNorm,
        float normEpsilon,
        float dropout,
        AttentionConfig attention,
        boolean apart) {

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
        boolean canBeApart = attention instanceof LinformerAttention.Config linformer
                && linformer.exact() == LinformerAttention.Exact.FIRST_POSITIONS
                && linformer.k().size() == 1;
        if (apart && normFirst) {
            throw new IllegalArgumentException("normFirst must be false where layers are apart, but is true");
        }
        if (apart && !canBeApart) {
            throw new IllegalArgumentException(
                    "attention must be LinformerAttention with one k and FIRST_POSITIONS where layers are apart, but is "
                            + attention);
        }
    }

    static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("%s must be positive, but is %d".formatted(name, value));
        }
    }
}
