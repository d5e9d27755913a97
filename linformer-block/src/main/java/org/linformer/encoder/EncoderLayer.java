package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.linformer.attention.AttentionBlock;
import org.linformer.attention.MultiHeadAttention;
import org.linformer.attention.Packed;
import org.linformer.attention.TorchScript;

/**
 * One layer of the encoder: attention and a feed-forward network, each with a residual and a layer normalisation; x (b,
 * n, dModel) and an optional mask (b, n) to (b, n, dModel).
 */
final class EncoderLayer extends AbstractBlock {

    private static final byte VERSION = 1;

    private final EncoderConfig config;
    private final AttentionBlock attention;
    private final LayerNorm attentionNorm;
    private final Linear widen;
    private final Linear narrow;
    private final LayerNorm outputNorm;
    private boolean isBfloat16;
    private boolean isPacked;

    /** What {@link Packed.Layer} takes behind x and its mask, once packed; empty where the attention has no such matrices. */
    private List<Parameter> ofWholeLayer = List.of();

    EncoderLayer(EncoderConfig config, AttentionBlock attention) {
        super(VERSION);
        this.config = config;
        // the order of these calls is the checkpoint format
        this.attention = addChildBlock("attention", attention);
        attentionNorm = addChildBlock("attention.output.LayerNorm", newNorm(config));
        widen = addChildBlock(
                "intermediate.dense", Linear.builder().setUnits(config.ffDim()).build());
        narrow = addChildBlock(
                "output.dense",
                Linear.builder().setUnits(config.attention().dModel()).build());
        outputNorm = addChildBlock("output.LayerNorm", newNorm(config));
    }

    static LayerNorm newNorm(EncoderConfig config) {
        return LayerNorm.builder().axis(2).optEpsilon(config.normEpsilon()).build();
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        try (NDManager scope = inputs.head().getManager().newSubManager()) {
            scope.tempAttachAll(inputs);
            NDArray x = inputs.head(); // (b, n, dModel)
            if (isPacked && !training && attention instanceof MultiHeadAttention full && full.isFull(inputs)) {
                return scope.ret(new NDList(atOnce(full.heads(), inputs)));
            }
            NDArray attended; // (b, n, dModel)
            NDArray y; // (b, n, dModel)
            if (config.normFirst()) {
                attended = x.add(attend(store, norm(store, attentionNorm, x, training), inputs, training));
                y = attended.add(feedForward(store, norm(store, outputNorm, attended, training), training));
            } else {
                attended = norm(store, attentionNorm, x.add(attend(store, x, inputs, training)), training);
                y = norm(store, outputNorm, attended.add(feedForward(store, attended, training)), training);
            }
            return scope.ret(new NDList(y));
        }
    }

    /** The whole layer as one operation: the same equations in the same order. */
    private NDArray atOnce(MultiHeadAttention.Heads heads, NDList inputs) {
        boolean isMasked = inputs.size() > 1;
        Packed.Layer layer = new Packed.Layer(
                heads.headDim(),
                heads.projectionBias(),
                config.activation() == EncoderConfig.Activation.GELU,
                config.normFirst(),
                config.normEpsilon(),
                isMasked,
                isBfloat16);
        NDList arguments = new NDList(inputs.head()); // (b, n, dModel)
        if (isMasked) {
            arguments.add(inputs.get(1).toType(DataType.FLOAT32, false)); // (b, n)
        }
        ofWholeLayer.forEach(parameter -> arguments.add(parameter.getArray()));
        return layer.operation().apply(arguments.toArray(new NDArray[0])); // (b, n, dModel)
    }

    /** Computes in bfloat16 from now on, but for the residuals and the normalisations. */
    void toBfloat16() {
        attention.toBfloat16();
        TorchScript.toBfloat16(widen);
        TorchScript.toBfloat16(narrow);
        isBfloat16 = true;
    }

    /** Computes in bfloat16 from now on, but keeps the parameters as they are. */
    void toMixedPrecision() {
        attention.toMixedPrecision();
        isBfloat16 = true;
    }

    /** Keeps the matrices as the processor multiplies by them from now on. */
    void pack() {
        attention.pack();
        for (Block block : List.of(attentionNorm, widen, narrow, outputNorm)) {
            Packed.pack(block);
        }
        isPacked = true;
        if (attention instanceof MultiHeadAttention withProjections) {
            ofWholeLayer = Stream.concat(
                            withProjections.projections().stream(),
                            Stream.of(attentionNorm, widen, narrow, outputNorm)
                                    .flatMap(block -> block.getDirectParameters().values().stream()))
                    .toList();
        }
    }

    private NDArray attend(ParameterStore store, NDArray x, NDList inputs, boolean training) {
        NDArray y = attention.forward(store, Encoder.with(x, inputs), training).singletonOrThrow(); // (b, n, dModel)
        return dropout(y, training);
    }

    /** The attention map (b, h, n, m) that this layer looks through. */
    NDArray attentionMap(ParameterStore store, NDList inputs) {
        if (!(attention instanceof MultiHeadAttention withMap)) {
            throw new IllegalArgumentException(
                    "attention must have a map, but is " + attention.getClass().getSimpleName());
        }
        NDArray x = inputs.head(); // (b, n, dModel)
        NDArray seen = config.normFirst() ? norm(store, attentionNorm, x, false) : x; // (b, n, dModel)
        return withMap.attentionMap(store, Encoder.with(seen, inputs));
    }

    private NDArray feedForward(ParameterStore store, NDArray x, boolean training) {
        boolean isGelu = config.activation() == EncoderConfig.Activation.GELU;
        NDArray typed = isBfloat16 ? TorchScript.TO_BFLOAT16.apply(x) : x; // (b, n, dModel)
        NDArray y; // (b, n, dModel)
        if (isPacked) {
            TorchScript packed = isGelu ? Packed.GELU : Packed.RELU;
            y = packed.apply(
                    typed,
                    parameter(store, widen, "weight", typed, training),
                    parameter(store, widen, "bias", typed, training),
                    parameter(store, narrow, "weight", typed, training),
                    parameter(store, narrow, "bias", typed, training));
        } else {
            NDArray wide = linear(store, widen, typed, training); // (b, n, ffDim)
            NDArray active = isGelu ? Activation.gelu(wide) : Activation.relu(wide); // (b, n, ffDim)
            y = linear(store, narrow, active, training);
        }
        return dropout(isBfloat16 ? TorchScript.TO_FLOAT32.apply(y) : y, training);
    }

    private static NDArray linear(ParameterStore store, Linear linear, NDArray x, boolean training) {
        return Linear.linear(
                        x,
                        parameter(store, linear, "weight", x, training),
                        parameter(store, linear, "bias", x, training))
                .singletonOrThrow();
    }

    private static NDArray parameter(ParameterStore store, Block block, String name, NDArray x, boolean training) {
        return AttentionBlock.parameter(store, block.getDirectParameters().get(name), x, training);
    }

    private static NDArray norm(ParameterStore store, LayerNorm norm, NDArray x, boolean training) {
        return norm.forward(store, new NDList(x), training).singletonOrThrow();
    }

    private NDArray dropout(NDArray x, boolean training) {
        return training && config.dropout() > 0
                ? Dropout.dropout(x, config.dropout(), true).singletonOrThrow()
                : x;
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        Shape x = inputShapes[0];
        attention.initialize(manager, type, inputShapes);
        attentionNorm.initialize(manager, type, x);
        widen.initialize(manager, type, x);
        narrow.initialize(manager, type, new Shape(x.get(0), x.get(1), config.ffDim()));
        outputNorm.initialize(manager, type, x);
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }
}
