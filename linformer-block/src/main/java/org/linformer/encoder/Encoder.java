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

/** The layers of a Transformer encoder: x (b, n, dModel) and an optional mask (b, n) to (b, n, dModel). */
public final class Encoder extends AbstractBlock {

    private static final byte VERSION = 1;

    private final List<EncoderLayer> layers = new ArrayList<>();
    private final @Nullable LayerNorm finalNorm;

    /**
     * Constructs an encoder.
     *
     * @param config what it is built from
     */
    @SuppressWarnings("this-escape")
    public Encoder(EncoderConfig config) {
        super(VERSION);
        // the order of these calls is the checkpoint format
        for (AttentionBlock attention : config.attention().newBlocks(config.numLayers())) {
            layers.add(addChildBlock("layer." + layers.size(), new EncoderLayer(config, attention)));
        }
        finalNorm = config.finalNorm() ? addChildBlock("LayerNorm", EncoderLayer.newNorm(config)) : null;
    }

    /**
     * Encodes.
     *
     * @throws IllegalArgumentException if x is not (b, n, dModel) with n in [1, maxLength], or the mask not (b, n)
     */
    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        try (NDManager scope = inputs.head().getManager().newSubManager()) {
            scope.tempAttachAll(inputs);
            NDArray x = inputs.head(); // (b, n, dModel)
            for (EncoderLayer layer : layers) {
                NDArray y = layer.forward(store, with(x, inputs), training).singletonOrThrow(); // (b, n, dModel)
                if (x != inputs.head()) {
                    x.close();
                }
                x = y;
            }
            NDList last = new NDList(x);
            return scope.ret(finalNorm == null ? last : finalNorm.forward(store, last, training));
        }
    }

    /**
     * The attention maps of all layers on the way of an input through them.
     *
     * @param store the parameters
     * @param inputs x (b, n, dModel) and an optional mask (b, n)
     * @return a map (b, h, n, m) for each layer, bottom layer first, on the manager of x
     * @throws IllegalArgumentException as forward does, or if the attention of a layer has no map
     */
    public NDList attentionMaps(ParameterStore store, NDList inputs) {
        try (NDManager scope = inputs.head().getManager().newSubManager()) {
            scope.tempAttachAll(inputs);
            NDList maps = new NDList();
            NDArray x = inputs.head(); // (b, n, dModel)
            for (EncoderLayer layer : layers) {
                NDList withMask = with(x, inputs);
                maps.add(layer.attentionMap(store, withMask));
                x = layer.forward(store, withMask, false).singletonOrThrow(); // (b, n, dModel)
            }
            return scope.ret(maps);
        }
    }

    /**
     * Computes the layers in bfloat16 from now on, the residuals and normalisations in float32: see
     * {@link AttentionBlock#toBfloat16}.
     *
     * @throws IllegalStateException if PyTorch is not the engine, or the parameters are not float32
     */
    public void toBfloat16() {
        layers.forEach(EncoderLayer::toBfloat16);
    }

    /** Another x with the mask of the inputs. */
    static NDList with(NDArray x, NDList inputs) {
        return inputs.size() > 1 ? new NDList(x, inputs.get(1)) : new NDList(x);
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        layers.forEach(layer -> layer.initialize(manager, type, inputShapes));
        if (finalNorm != null) {
            finalNorm.initialize(manager, type, inputShapes[0]);
        }
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }
}
