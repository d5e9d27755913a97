package org.linformer.attention;

import java.util.List;

/**
 * What an attention block is built from. Its variants are the {@code permits} clause; in JSON the key {@code type}
 * holds the simple name of the block.
 */
public sealed interface AttentionConfig permits LinformerAttention.Config, SoftmaxAttention.Config {

    /**
     * Returns the width of the model.
     *
     * @return dModel
     */
    int dModel();

    /**
     * Returns the longest text that the block attends to.
     *
     * @return the length, in positions
     */
    int maxLength();

    /**
     * Builds the blocks of a whole stack, which may share parameters.
     *
     * @param numLayers number of layers
     * @return one block a layer, bottom layer first; a shared parameter is registered by the first of them only
     */
    List<AttentionBlock> newBlocks(int numLayers);

    /**
     * Builds one block.
     *
     * @return a block that shares nothing
     */
    default AttentionBlock newBlock() {
        return newBlocks(1).get(0);
    }
}
