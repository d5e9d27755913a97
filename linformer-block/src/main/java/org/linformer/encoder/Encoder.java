package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.linformer.attention.AttentionBlock;
import org.linformer.attention.AttentionConfig;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.SoftmaxAttention;

/**
 * The layers of a Transformer encoder: x (b, n, dModel) and an optional mask (b, n) to (b, n, dModel).
 *
 * <p>Where they are {@linkplain EncoderConfig#apart apart}, the first k positions go through the layers, which attend
 * fully, and the positions behind them through as many others, whose queries attend to both through Linformer's slots.
 * In training with the first layer frozen, a longer x gets no gradient through its first k positions.
 */
public final class Encoder extends AbstractBlock {

    private static final byte VERSION = 1;

    private final List<EncoderLayer> layers;
    private final List<EncoderLayer> layersBehind;
    private final int k;
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
        if (config.apart() && config.attention() instanceof LinformerAttention.Config linformer) {
            k = linformer.k().get(0);
            layers = layers("layer.", config, new SoftmaxAttention.Config(linformer.heads(), k));
            layersBehind = layers(
                    "behind.layer.",
                    config,
                    new LinformerAttention.Config(
                            linformer.heads(),
                            linformer.maxLength(),
                            k,
                            linformer.projection(),
                            LinformerAttention.Exact.NOWHERE));
        } else {
            k = config.attention().maxLength();
            layers = layers("layer.", config, config.attention());
            layersBehind = List.of();
        }
        finalNorm = config.finalNorm() ? addChildBlock("LayerNorm", EncoderLayer.newNorm(config)) : null;
    }

    private List<EncoderLayer> layers(String name, EncoderConfig config, AttentionConfig attention) {
        List<EncoderLayer> made = new ArrayList<>();
        for (AttentionBlock block : attention.newBlocks(config.numLayers())) {
            made.add(addChildBlock(name + made.size(), new EncoderLayer(config, block)));
        }
        return List.copyOf(made);
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
            if (inputs.size() > 2
                    || (inputs.size() == 2 && inputs.get(1).getShape().dimension() != 2)) {
                throw new IllegalArgumentException("inputs must be x (b, n, dModel) and a mask (b, n) at most, but are "
                        + Arrays.toString(inputs.getShapes()));
            }
            boolean isLong = !layersBehind.isEmpty() && x.getShape().get(1) > k;
            NDList last = new NDList(isLong ? throughBoth(store, inputs, training) : through(store, inputs, training));
            return scope.ret(finalNorm == null ? last : finalNorm.forward(store, last, training));
        }
    }

    /** Frozen layers are left out of the way back: the first positions then cost a training nothing but the way there. */
    private static boolean isFrozen(EncoderLayer layer) {
        return Weights.of(layer).values().stream().noneMatch(Parameter::requiresGradient);
    }

    private NDArray through(ParameterStore store, NDList inputs, boolean training) {
        NDArray x = inputs.head(); // (b, n, dModel)
        for (EncoderLayer layer : layers) {
            NDArray y = layer.forward(store, with(x, inputs), training).singletonOrThrow(); // (b, n, dModel)
            if (x != inputs.head()) {
                x.close();
            }
            x = y;
        }
        return x;
    }

    private NDArray throughBoth(ParameterStore store, NDList inputs, boolean training) {
        NDArray x = inputs.head(); // (b, n, dModel)
        NDArray first = x.get(new NDIndex(":, :{}", k)); // (b, k, dModel)
        if (training && isFrozen(layers.get(0))) {
            first = first.stopGradient();
        }
        NDArray behind = x.get(new NDIndex(":, {}:", k)); // (b, n - k, dModel)
        NDList firstMask = new NDList(); // (b, k), if there is a mask
        inputs.subNDList(1).forEach(mask -> firstMask.add(mask.get(new NDIndex(":, :{}", k))));
        for (int i = 0; i < layers.size(); i++) {
            NDArray all = first.concat(behind, 1); // (b, n, dModel)
            NDList alone = new NDList(first); // x (b, k, dModel), mask (b, k)
            alone.addAll(firstMask);
            NDList toAll = new NDList(behind); // x (b, n - k, dModel), context (b, n, dModel), mask (b, n)
            toAll.addAll(with(all, inputs));
            first = layers.get(i).forward(store, alone, training).singletonOrThrow(); // (b, k, dModel)
            behind = layersBehind.get(i).forward(store, toAll, training).singletonOrThrow(); // (b, n - k, dModel)
            all.close();
            alone.head().close();
            toAll.head().close();
        }
        return first.concat(behind, 1); // (b, n, dModel)
    }

    /**
     * The attention maps of all layers on the way of an input through them.
     *
     * @param store the parameters
     * @param inputs x (b, n, dModel) and an optional mask (b, n)
     * @return a map (b, h, n, m) for each layer, bottom layer first, on the manager of x
     * @throws IllegalArgumentException as forward does, or if the attention of a layer has no map, or if the text is
     *     longer than k and the layers are apart
     */
    public NDList attentionMaps(ParameterStore store, NDList inputs) {
        if (!layersBehind.isEmpty() && inputs.head().getShape().get(1) > k) {
            throw new IllegalArgumentException("n must be at most k=%d where layers are apart, but is %d"
                    .formatted(k, inputs.head().getShape().get(1)));
        }
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
        layersBehind.forEach(EncoderLayer::toBfloat16);
    }

    /**
     * Computes the layers in bfloat16 from now on, and trains their float32 parameters so: see
     * {@link AttentionBlock#toMixedPrecision}.
     *
     * @throws IllegalStateException if PyTorch is not the engine
     */
    public void toMixedPrecision() {
        layers.forEach(EncoderLayer::toMixedPrecision);
        layersBehind.forEach(EncoderLayer::toMixedPrecision);
    }

    /**
     * Keeps the layers' matrices as the processor multiplies by them from now on: see {@link AttentionBlock#pack}.
     *
     * @throws IllegalStateException if the parameters are neither float32 nor bfloat16, or not on a CPU whose PyTorch
     *     has oneDNN
     */
    public void pack() {
        layers.forEach(EncoderLayer::pack);
        layersBehind.forEach(EncoderLayer::pack);
    }

    /** Another x before the rest of the inputs. */
    static NDList with(NDArray x, NDList inputs) {
        NDList all = new NDList(x);
        all.addAll(inputs.subNDList(1));
        return all;
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        layers.forEach(layer -> layer.initialize(manager, type, inputShapes));
        layersBehind.forEach(layer -> layer.initialize(manager, type, inputShapes));
        if (finalNorm != null) {
            finalNorm.initialize(manager, type, inputShapes[0]);
        }
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }
}
