package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.linformer.attention.AttentionBlock;

/**
 * A Transformer encoder: token ids (b, n) and an optional mask (b, n) to (b, n, dModel).
 *
 * <p>With pre-norm a last normalisation stands behind the layers, as their sum is not normalised.
 */
public final class Encoder extends AbstractBlock {

    private static final byte VERSION = 1;

    private final EncoderConfig config;
    private final Embeddings embeddings;
    private final List<EncoderLayer> layers = new ArrayList<>();
    private final @Nullable LayerNorm lastNorm;

    /**
     * Constructs an encoder.
     *
     * @param config what it is built from
     */
    @SuppressWarnings("this-escape")
    public Encoder(EncoderConfig config) {
        super(VERSION);
        this.config = config;
        // the order of these calls is the checkpoint format
        embeddings = addChildBlock("embeddings", new Embeddings(config));
        for (AttentionBlock attention : config.attention().newBlocks(config.numLayers())) {
            layers.add(addChildBlock("encoder.layer." + layers.size(), new EncoderLayer(config, attention)));
        }
        lastNorm = config.normFirst() ? addChildBlock("encoder.LayerNorm", EncoderLayer.newNorm(config)) : null;
    }

    /**
     * Encodes.
     *
     * @throws IllegalArgumentException if the ids are not (b, n) with n in [1, maxLength], or the mask not (b, n)
     */
    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        Shape ids = inputs.head().getShape();
        int maxLength = config.attention().maxLength();
        if (ids.dimension() != 2 || ids.get(1) < 1 || ids.get(1) > maxLength) {
            throw new IllegalArgumentException(
                    "ids must be (b, n) with n in [1, maxLength=%d], but is %s".formatted(maxLength, ids));
        }
        try (NDManager scope = inputs.head().getManager().newSubManager()) {
            scope.tempAttachAll(inputs);
            NDArray x = embeddings
                    .forward(store, new NDList(inputs.head()), training)
                    .singletonOrThrow();
            for (EncoderLayer layer : layers) {
                NDList withMask = inputs.size() > 1 ? new NDList(x, inputs.get(1)) : new NDList(x);
                NDArray y = layer.forward(store, withMask, training).singletonOrThrow(); // (b, n, dModel)
                x.close();
                x = y;
            }
            NDList last = new NDList(x);
            return scope.ret(lastNorm == null ? last : lastNorm.forward(store, last, training));
        }
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        Shape[] shapes = inputShapes.clone();
        embeddings.initialize(manager, type, shapes[0]);
        shapes[0] = getOutputShapes(inputShapes)[0];
        layers.forEach(layer -> layer.initialize(manager, type, shapes));
        if (lastNorm != null) {
            lastNorm.initialize(manager, type, shapes[0]);
        }
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0].add(config.attention().dModel())};
    }
}
