package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
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
 * Embeddings, an encoder and the heads on it: token ids (b, n) and an optional mask (b, n) to one answer a head, in
 * their order. The encoder runs once for all of them. A third input, positions (p), says where in the b * n positions a
 * head that answers by position is asked.
 */
public final class EncoderModel extends AbstractBlock {

    private static final byte VERSION = 1;

    private final Embeddings embeddings;
    private final Encoder encoder;
    private final List<Head> heads;

    /**
     * Constructs a model.
     *
     * @param vocabSize number of token ids
     * @param config the encoder
     * @param heads the heads, at least one
     */
    @SuppressWarnings("this-escape")
    public EncoderModel(int vocabSize, EncoderConfig config, List<HeadConfig> heads) {
        super(VERSION);
        EncoderConfig.requirePositive("vocabSize", vocabSize);
        if (heads.isEmpty()) {
            throw new IllegalArgumentException("heads must be at least one, but is []");
        }
        // the order of these calls is the checkpoint format
        embeddings = addChildBlock("embeddings", new Embeddings(vocabSize, config));
        encoder = addChildBlock("encoder", new Encoder(config));
        this.heads = IntStream.range(0, heads.size())
                .mapToObj(i -> addChildBlock("heads." + i, heads.get(i).newHead(config, embeddings.tokens())))
                .toList();
    }

    /**
     * Answers.
     *
     * @throws IllegalArgumentException if the ids are not (b, n) with n in [1, maxLength], or the mask not (b, n)
     */
    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        NDArray x = encode(store, inputs, training); // (b, n, dModel)
        NDList answers = new NDList();
        for (Head head : heads) {
            answers.add(head.forward(store, Encoder.with(x, inputs), training).singletonOrThrow());
        }
        x.close();
        return answers;
    }

    /**
     * What the heads are asked about: a vector for each token.
     *
     * @param store the parameters
     * @param inputs token ids (b, n) and an optional mask (b, n)
     * @param training whether dropout acts
     * @return (b, n, dModel), on the manager of the ids
     * @throws IllegalArgumentException as forward does
     */
    public NDArray encode(ParameterStore store, NDList inputs, boolean training) {
        try (NDArray embedded = embed(store, inputs, training)) { // (b, n, dModel)
            return encoder.forward(store, withMask(embedded, inputs), training).singletonOrThrow();
        }
    }

    /**
     * The attention maps of all layers on the way of a text through them.
     *
     * @param store the parameters
     * @param inputs token ids (b, n) and an optional mask (b, n)
     * @return a map (b, h, n, m) for each layer, bottom layer first, on the manager of the ids
     * @throws IllegalArgumentException as forward does, or if the attention of a layer has no map
     */
    public NDList attentionMaps(ParameterStore store, NDList inputs) {
        try (NDArray embedded = embed(store, inputs, false)) { // (b, n, dModel)
            return encoder.attentionMaps(store, withMask(embedded, inputs));
        }
    }

    /**
     * Computes the encoder's layers in bfloat16 from now on: see {@link Encoder#toBfloat16}.
     *
     * @throws IllegalStateException if PyTorch is not the engine, or the parameters are not float32
     */
    public void toBfloat16() {
        encoder.toBfloat16();
    }

    /**
     * Computes the encoder's layers in bfloat16 from now on, in training too: see {@link Encoder#toMixedPrecision}.
     *
     * @throws IllegalStateException if PyTorch is not the engine
     */
    public void toMixedPrecision() {
        encoder.toMixedPrecision();
    }

    /**
     * Keeps the encoder's matrices as the processor multiplies by them from now on: see {@link Encoder#pack}.
     *
     * @throws IllegalStateException if the parameters are neither float32 nor bfloat16, or not on a CPU whose PyTorch
     *     has oneDNN
     */
    public void pack() {
        encoder.pack();
    }

    private NDArray embed(ParameterStore store, NDList inputs, boolean training) {
        return embeddings.forward(store, new NDList(inputs.head()), training).singletonOrThrow(); // (b, n, dModel)
    }

    /** The encoder's inputs: positions are for the heads. */
    private static NDList withMask(NDArray x, NDList inputs) {
        return Encoder.with(x, inputs.subNDList(0, Math.min(inputs.size(), 2)));
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        embeddings.initialize(manager, type, inputShapes[0]);
        Shape[] encoded = embeddings.getOutputShapes(inputShapes);
        encoder.initialize(manager, type, encoded);
        heads.forEach(head -> head.initialize(manager, type, encoded));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        Shape[] encoded = embeddings.getOutputShapes(inputShapes);
        return heads.stream().map(head -> head.getOutputShapes(encoded)[0]).toArray(Shape[]::new);
    }
}
