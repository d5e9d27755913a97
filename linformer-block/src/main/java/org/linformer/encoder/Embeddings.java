package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/** The sum of learned token and position embeddings, normalised: ids (b, n) to (b, n, dModel). */
final class Embeddings extends AbstractBlock {

    private static final byte VERSION = 1;

    private final EncoderConfig config;
    private final Parameter tokens;
    private final Parameter positions;
    private final LayerNorm norm;

    Embeddings(EncoderConfig config) {
        super(VERSION);
        this.config = config;
        // the order of these calls is the checkpoint format
        tokens = table("word_embeddings.weight", config.vocabSize());
        positions = table("position_embeddings.weight", config.attention().maxLength());
        norm = addChildBlock("LayerNorm", EncoderLayer.newNorm(config));
    }

    private Parameter table(String name, int rows) {
        return addParameter(Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.WEIGHT)
                .optShape(new Shape(rows, config.attention().dModel()))
                .optInitializer(new NormalInitializer(0.02f))
                .build());
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, @Nullable PairList<String, Object> params) {
        NDArray ids = inputs.head(); // (b, n)
        NDArray word = Embedding.embedding(ids, store.getValue(tokens, ids.getDevice(), training), SparseFormat.DENSE)
                .singletonOrThrow(); // (b, n, dModel)
        NDArray position = store.getValue(positions, ids.getDevice(), training)
                .get(ids.getManager(), new NDIndex(":{}", ids.getShape().get(1))); // (n, dModel)
        NDList sum = norm.forward(store, new NDList(word.add(position)), training); // (b, n, dModel)
        return training && config.dropout() > 0 ? Dropout.dropout(sum.head(), config.dropout(), true) : sum;
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
        norm.initialize(manager, type, getOutputShapes(inputShapes));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0].add(config.attention().dModel())};
    }
}
