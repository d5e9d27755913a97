package org.linformer.encoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import org.jspecify.annotations.Nullable;

/**
 * One vector for the text: a weighted mean of the tokens, of length 1; (b, n, dModel) to (b, dModel).
 *
 * <p>The first {@code equal} positions weigh 1 each: a text that is no longer has the plain mean. A position i behind
 * them weighs exp(v x_i + c_i), with v and c learned.
 */
public final class EmbeddingHead extends Head {

    private static final byte VERSION = 2;

    /**
     * What the head is built from.
     *
     * @param equal number of first positions that weigh the same; at maxLength the head has no weights
     */
    public record Config(int equal) implements HeadConfig {
        public Config {
            EncoderConfig.requirePositive("equal", equal);
        }

        @Override
        public Head newHead(EncoderConfig encoder, Parameter tokens) {
            return new EmbeddingHead(encoder, equal);
        }
    }

    private final int equal;
    private final @Nullable Parameter content;
    private final @Nullable Parameter position;

    private EmbeddingHead(EncoderConfig encoder, int equal) {
        super(VERSION);
        this.equal = equal;
        int behind = encoder.attention().maxLength() - equal;
        // the order of these calls is the checkpoint format
        content = behind > 0
                ? parameter(
                        "pooling.content",
                        encoder.attention().dModel(),
                        (manager, shape, type) -> manager.zeros(shape, type))
                : null;
        // what stands behind weighs as much as the beginning in a text of four times its length, twice as much at
        // sixteen times
        position = behind > 0
                ? parameter(
                        "pooling.position",
                        behind,
                        (manager, shape, type) -> manager.arange(equal, equal + behind)
                                .toType(type, false)
                                .log()
                                .neg()
                                .add(Math.log(0.7 * equal)))
                : null;
    }

    private Parameter parameter(String name, int size, Initializer initializer) {
        return addParameter(Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.OTHER)
                .optShape(new Shape(size))
                .optInitializer(initializer)
                .build());
    }

    @Override
    protected NDArray answer(
            ParameterStore store, NDArray x, @Nullable NDArray mask, @Nullable NDArray positions, boolean training) {
        long n = x.getShape().get(1);
        if (content == null || position == null || n <= equal) {
            return mean(x, mask).normalize(2, 1); // (b, dModel)
        }
        NDManager manager = x.getManager();
        NDArray behind = x.get(new NDIndex(":, {}:", equal)); // (b, n - equal, dModel)
        NDArray v = store.getValue(content, x.getDevice(), training).get(manager, new NDIndex("..."));
        NDArray c = store.getValue(position, x.getDevice(), training).get(manager, new NDIndex(":{}", n - equal));
        NDArray learned = behind.matMul(v.expandDims(1)).squeeze(2).add(c).exp(); // (b, n - equal)
        NDArray ones = manager.ones(new Shape(x.getShape().get(0), equal), x.getDataType()); // (b, equal)
        NDArray weights = ones.concat(learned, 1); // (b, n)
        return mean(x, mask == null ? weights : weights.mul(mask)).normalize(2, 1); // (b, dModel)
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {new Shape(inputShapes[0].get(0), inputShapes[0].get(2))};
    }
}
