package org.linformer.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.training.ParameterStore;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Full multi-head attention, softmax(QKᵀ/√d)V: time and memory grow with n².
 *
 * <p>Vaswani et al. 2017, "Attention Is All You Need", https://arxiv.org/abs/1706.03762, equation 1. The baseline that
 * the linear variants are measured against.
 */
public final class SoftmaxAttention extends MultiHeadAttention {

    private static final byte VERSION = 1;

    /**
     * What the block is built from.
     *
     * @param heads the heads
     * @param maxLength longest input, in positions
     */
    public record Config(Heads heads, int maxLength) implements AttentionConfig {
        public Config {
            requirePositive("maxLength", maxLength);
        }

        @Override
        public int dModel() {
            return heads.dModel();
        }

        @Override
        public List<AttentionBlock> newBlocks(int numLayers) {
            return Stream.<AttentionBlock>generate(() -> new SoftmaxAttention(this))
                    .limit(numLayers)
                    .toList();
        }
    }

    private SoftmaxAttention(Config config) {
        super(VERSION, config, config.heads());
    }

    @Override
    protected boolean isFull(long m) {
        return true;
    }

    @Override
    protected KeysAndValues keysAndValues(
            ParameterStore store, NDArray context, @Nullable NDArray mask, boolean training) {
        return everyPosition(store, context, mask, training);
    }
}
