package org.linformer.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.linformer.attention.AttentionBlock;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.Projection.Initialization;
import org.linformer.attention.Projection.Linear;
import org.linformer.attention.Projection.Sharing;

/** What {@link ParityTest} cannot show: whole files, and files that do not fit. */
class PublishedLayoutTest {

    private NDManager manager;

    @BeforeEach
    void openManager() {
        manager = NDManager.newBaseManager();
        manager.getEngine().setRandomSeed(42);
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    private static LinformerAttention.Config attention(Sharing sharing, boolean projectionBias) {
        return new LinformerAttention.Config(
                new Heads(8, 2, 4, projectionBias, 0, false),
                /* maxLength= */ 10,
                /* k= */ 3,
                new Linear(sharing, Initialization.GAUSSIAN, false, false),
                LinformerAttention.Exact.SHORT_TEXTS);
    }

    private EncoderModel bert() {
        EncoderConfig config = new EncoderConfig(
                2,
                16,
                EncoderConfig.Activation.GELU,
                false,
                false,
                1e-12f,
                0,
                attention(Sharing.KEY_VALUE, true),
                /* apart= */ false);
        EncoderModel model = new EncoderModel(30, config, List.of(new EmbeddingHead.Config(100)));
        model.initialize(manager, DataType.FLOAT32, new Shape(1, 10));
        return model;
    }

    private Map<String, NDArray> bertWeights() {
        Map<String, NDArray> weights = new LinkedHashMap<>();
        Weights.of(bert()).forEach((name, parameter) -> {
            if (!name.contains("self.E")) {
                weights.put("bert." + name, manager.randomNormal(parameter.getShape()));
            }
        });
        weights.put("bert.embeddings.token_type_embeddings.weight", manager.randomNormal(new Shape(2, 8)));
        weights.put("bert.embeddings.position_ids", manager.arange(10));
        weights.put("bert.pooler.dense.weight", manager.randomNormal(new Shape(8, 8)));
        weights.put("cls.predictions.bias", manager.randomNormal(new Shape(30)));
        return weights;
    }

    private static ByteArrayInputStream safetensors(Map<String, NDArray> weights) throws IOException {
        NDList arrays = new NDList();
        weights.forEach((name, array) -> {
            array.setName(name);
            arrays.add(array);
        });
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        arrays.encode(out, NDList.Encoding.SAFETENSORS);
        return new ByteArrayInputStream(out.toByteArray());
    }

    @Test
    void readsABertAndKeepsTheProjectionsThatItHasNot() throws Exception {
        EncoderModel model = bert();
        Map<String, NDArray> theirs = bertWeights();
        float[] position = theirs.get("bert.embeddings.position_embeddings.weight")
                .add(theirs.get("bert.embeddings.token_type_embeddings.weight").get(0))
                .toFloatArray();

        Set<String> kept = Weights.load(model, manager, safetensors(theirs), DataType.FLOAT32, PublishedLayout.BERT);

        assertThat(kept).containsExactly("encoder.layer.0.attention.self.E", "encoder.layer.1.attention.self.E");
        var ours = Weights.of(model);
        assertThat(ours.get("encoder.layer.1.output.LayerNorm.bias").getArray().toFloatArray())
                .containsExactly(
                        theirs.get("bert.encoder.layer.1.output.LayerNorm.bias").toFloatArray());
        assertThat(ours.get("embeddings.position_embeddings.weight").getArray().toFloatArray())
                .containsExactly(position, within(1e-6f));
    }

    @Test
    void refusesAWeightThatTheBlockHasNoPlaceFor() throws Exception {
        Map<String, NDArray> theirs = bertWeights();
        theirs.put("bert.encoder.layer.2.output.dense.bias", manager.ones(new Shape(8)));

        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        Weights.load(bert(), manager, safetensors(theirs), DataType.FLOAT32, PublishedLayout.BERT))
                .withMessage("weights must be all of BERT and of the block, but"
                        + " [bert.encoder.layer.2.output.dense.bias] are not");
    }

    @Test
    void refusesAWeightOfAnotherShape() throws Exception {
        Map<String, NDArray> theirs = bertWeights();
        theirs.put("bert.embeddings.position_embeddings.weight", manager.ones(new Shape(512, 8)));

        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        Weights.load(bert(), manager, safetensors(theirs), DataType.FLOAT32, PublishedLayout.BERT))
                .withMessage("embeddings.position_embeddings.weight must be (10, 8), but is (512, 8)");
    }

    private Map<String, NDArray> lucidrains(boolean hasF) {
        Map<String, NDArray> theirs = new LinkedHashMap<>();
        theirs.put("to_q.weight", manager.randomNormal(new Shape(8, 8)));
        theirs.put("to_k.weight", manager.randomNormal(new Shape(8, 8)));
        theirs.put("to_v.weight", manager.randomNormal(new Shape(8, 8)));
        theirs.put("to_out.weight", manager.randomNormal(new Shape(8, 8)));
        theirs.put("to_out.bias", manager.randomNormal(new Shape(8)));
        theirs.put("proj_k", manager.randomNormal(new Shape(10, 3)));
        if (hasF) {
            theirs.put("proj_v", manager.randomNormal(new Shape(10, 3)));
        }
        return theirs;
    }

    private AttentionBlock block(Sharing sharing) {
        AttentionBlock block = attention(sharing, false).newBlock();
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 10, 8));
        return block;
    }

    @Test
    void refusesToLeaveOutAProjection() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PublishedLayout.LUCIDRAINS.attention(lucidrains(true), block(Sharing.KEY_VALUE)))
                .withMessage("self.F must be absent, but is (3, 10)");
    }

    @Test
    void refusesAMissingWeight() {
        Map<String, NDArray> theirs = lucidrains(true);
        theirs.remove("to_out.bias");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> PublishedLayout.LUCIDRAINS.attention(theirs, block(Sharing.HEADWISE)))
                .withMessageStartingWith("weights must have the name to_out.bias, but have [to_q.weight,");
    }

    @Test
    void readsCopiesOfASharedProjectionAndRefusesAnotherUnderItsName() {
        Map<String, NDArray> theirs = new LinkedHashMap<>();
        NDArray e = manager.randomNormal(new Shape(3, 10));
        for (int h = 0; h < 2; h++) {
            theirs.put("to_q." + h + ".weight", manager.randomNormal(new Shape(4, 8)));
            theirs.put("to_k." + h + ".weight", manager.randomNormal(new Shape(4, 8)));
            theirs.put("to_v." + h + ".weight", manager.randomNormal(new Shape(4, 8)));
            theirs.put("heads." + h + ".E.weight", e);
            theirs.put("heads." + h + ".F.weight", e);
        }
        theirs.put("w_o.weight", manager.randomNormal(new Shape(8, 8)));
        theirs.put("w_o.bias", manager.randomNormal(new Shape(8)));

        Map<String, NDArray> ours = PublishedLayout.TATP22.attention(theirs, block(Sharing.KEY_VALUE));

        assertThat(ours).containsEntry("self.E", e).doesNotContainKey("self.F");
        theirs.put("heads.1.F.weight", e.mul(2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PublishedLayout.TATP22.attention(theirs, block(Sharing.KEY_VALUE)))
                .withMessage("self.F must be the one that the block shares, but is another");
    }

    @Test
    void addsFairseqsBiasOfTheValuesAfterTheProjection() {
        Map<String, NDArray> theirs = new LinkedHashMap<>();
        for (String name : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
            theirs.put(name + ".weight", manager.randomNormal(new Shape(8, 8)));
            theirs.put(name + ".bias", manager.randomNormal(new Shape(8)));
        }
        theirs.put("compress_k.weight", manager.zeros(new Shape(3, 10)));
        AttentionBlock block = attention(Sharing.KEY_VALUE, true).newBlock();
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 10, 8));

        Weights.set(block, manager, PublishedLayout.FAIRSEQ.attention(theirs, block), DataType.FLOAT32);

        // all slots are empty, so what is left is W_o b_v + b_o
        float[] expected = theirs.get("out_proj.weight")
                .matMul(theirs.get("v_proj.bias"))
                .add(theirs.get("out_proj.bias"))
                .toFloatArray();
        NDArray y = block.forward(
                        new ParameterStore(manager, false), new NDList(manager.randomNormal(new Shape(1, 7, 8))), false)
                .singletonOrThrow();
        assertThat(y.get(0).get(3).toFloatArray()).containsExactly(expected, within(1e-5f));
    }
}
