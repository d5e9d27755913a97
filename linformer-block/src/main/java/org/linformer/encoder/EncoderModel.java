package org.linformer.encoder;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An encoder and the heads on it: token ids (b, n) and an optional mask (b, n) to one answer a head, in their order. The
 * encoder runs once for all of them.
 */
public final class EncoderModel extends AbstractBlock {

    private static final byte VERSION = 1;

    private final Encoder encoder;
    private final List<Head> heads;

    /**
     * Constructs a model.
     *
     * @param config the encoder
     * @param heads the heads, at least one
     */
    @SuppressWarnings("this-escape")
    public EncoderModel(EncoderConfig config, List<HeadConfig> heads) {
        super(VERSION);
        if (heads.isEmpty()) {
            throw new IllegalArgumentException("heads must be at least one, but is []");
        }
        // the order of these calls is the checkpoint format
        encoder = addChildBlock("", new Encoder(config));
        this.heads = IntStream.range(0, heads.size())
                .mapToObj(i -> addChildBlock("heads." + i, heads.get(i).newHead(config)))
                .toList();
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        NDList encoded = encoder.forward(store, inputs, training); // (b, n, dModel)
        if (inputs.size() > 1) {
            encoded.add(inputs.get(1));
        }
        NDList answers = new NDList();
        for (Head head : heads) {
            answers.add(head.forward(store, encoded, training).singletonOrThrow());
        }
        encoded.head().close();
        return answers;
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        encoder.initialize(manager, type, inputShapes);
        Shape[] encoded = encoder.getOutputShapes(inputShapes);
        heads.forEach(head -> head.initialize(manager, type, encoded));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        Shape[] encoded = encoder.getOutputShapes(inputShapes);
        return heads.stream().map(head -> head.getOutputShapes(encoded)[0]).toArray(Shape[]::new);
    }
}
