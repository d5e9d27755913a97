package org.linformer.encoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.linformer.attention.AttentionConfig;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.MultiHeadAttention.Heads;
import org.linformer.attention.Projection.Initialization;
import org.linformer.attention.Projection.Linear;
import org.linformer.attention.Projection.Sharing;
import org.linformer.attention.SoftmaxAttention;
import org.linformer.attention.TorchScript;
import org.linformer.json.StrictJson;

class EncoderModelTest {

    private static final List<HeadConfig> HEADS =
            List.of(new ClassifierHead.Config(/* numClasses= */ 3), new EmbeddingHead.Config(/* equal= */ 2));

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

    private static EncoderConfig config(Sharing sharing, boolean normFirst) {
        return config(sharing, normFirst, EncoderConfig.Activation.GELU);
    }

    private static EncoderConfig config(Sharing sharing, boolean normFirst, EncoderConfig.Activation activation) {
        return new EncoderConfig(
                /* numLayers= */ 3,
                /* ffDim= */ 24,
                activation,
                normFirst,
                /* finalNorm= */ normFirst,
                /* normEpsilon= */ 1e-6f,
                /* dropout= */ 0,
                new LinformerAttention.Config(
                        new Heads(12, 3, 4, true, 0, false),
                        /* maxLength= */ 20,
                        /* k= */ 5,
                        new Linear(sharing, Initialization.GAUSSIAN, false, false),
                        LinformerAttention.Exact.SHORT_TEXTS),
                /* apart= */ false);
    }

    private static EncoderConfig apart() {
        return new EncoderConfig(
                /* numLayers= */ 2,
                /* ffDim= */ 24,
                EncoderConfig.Activation.GELU,
                /* normFirst= */ false,
                /* finalNorm= */ false,
                /* normEpsilon= */ 1e-6f,
                /* dropout= */ 0,
                new LinformerAttention.Config(
                        new Heads(12, 3, 4, true, 0, false),
                        /* maxLength= */ 20,
                        /* k= */ 5,
                        new Linear(Sharing.KEY_VALUE, Initialization.GAUSSIAN, false, false),
                        LinformerAttention.Exact.FIRST_POSITIONS),
                /* apart= */ true);
    }

    @Test
    void encodesTheBeginningAsItIsAloneWhereLayersAreApart() {
        Encoder encoder = new Encoder(apart());
        encoder.initialize(manager, DataType.FLOAT32, new Shape(2, 20, 12));
        NDArray x = manager.randomNormal(new Shape(2, 17, 12));
        NDArray mask = manager.ones(new Shape(2, 17));
        mask.set(new NDIndex("0, 9:"), 0);
        ParameterStore store = new ParameterStore(manager, false);

        NDArray y = encoder.forward(store, new NDList(x, mask), false).singletonOrThrow();
        NDArray beginning =
                encoder.forward(store, new NDList(x.get(":, :5")), false).singletonOrThrow();
        NDArray shorter =
                encoder.forward(store, new NDList(x.get("0:1, :9")), false).singletonOrThrow();

        assertThat(y.get(":, :5").toFloatArray()).containsExactly(beginning.toFloatArray(), within(1e-5f));
        assertThat(y.get("0:1, :9").toFloatArray()).containsExactly(shorter.toFloatArray(), within(1e-5f));
        assertThat(Weights.of(encoder))
                .containsKeys("layer.1.attention.self.query.weight", "behind.layer.1.attention.self.E")
                .doesNotContainKey("layer.0.attention.self.E");
    }

    /** Layers behind with the weights of the others: what one encoder does whose layers are not apart. */
    @Test
    void encodesWhatStandsBehindAsTheSameLayersDo() {
        Encoder one = new Encoder(new EncoderConfig(
                2, 24, EncoderConfig.Activation.GELU, false, false, 1e-6f, 0, apart().attention(), false));
        Encoder two = new Encoder(apart());
        one.initialize(manager, DataType.FLOAT32, new Shape(2, 20, 12));
        two.initialize(manager, DataType.FLOAT32, new Shape(2, 20, 12));
        Map<String, NDArray> weights = new LinkedHashMap<>();
        Weights.of(one).forEach((name, parameter) -> {
            weights.put("behind." + name, parameter.getArray());
            if (!name.endsWith(".E")) {
                weights.put(name, parameter.getArray());
            }
        });
        Weights.set(two, manager, weights, DataType.FLOAT32);
        NDArray x = manager.randomNormal(new Shape(2, 17, 12));
        NDArray mask = manager.ones(new Shape(2, 17));
        mask.set(new NDIndex("0, 9:"), 0);
        ParameterStore store = new ParameterStore(manager, false);

        NDArray expected = one.forward(store, new NDList(x, mask), false).singletonOrThrow();
        NDArray actual = two.forward(store, new NDList(x, mask), false).singletonOrThrow();

        assertThat(actual.get("0, :9").toFloatArray())
                .containsExactly(expected.get("0, :9").toFloatArray(), within(1e-5f));
        assertThat(actual.get("1").toFloatArray())
                .containsExactly(expected.get("1").toFloatArray(), within(1e-5f));
    }

    @Test
    void learnsBehindTheBeginningAloneWhereItsLayersAreFrozen() {
        EncoderModel model = new EncoderModel(50, apart(), List.of(new EmbeddingHead.Config(/* equal= */ 5)));
        model.initialize(manager, DataType.FLOAT32, new Shape(2, 20));
        Weights.of(model)
                .forEach((name, parameter) ->
                        parameter.getArray().setRequiresGradient(name.contains("behind") || name.contains("position")));
        Weights.of(model).forEach((name, parameter) -> parameter.freeze(name.startsWith("encoder.layer.")));
        NDArray target = manager.randomNormal(new Shape(2, 12));

        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDArray y = model.forward(new ParameterStore(manager, false), new NDList(ids(2, 17)), true)
                    .head();
            collector.backward(y.mul(target).sum());
        }

        NDArray positions = Weights.of(model)
                .get("embeddings.position_embeddings.weight")
                .getArray()
                .getGradient();
        assertThat(positions.get(":5").abs().sum().getFloat()).isZero();
        assertThat(positions.get("5:17").abs().sum().getFloat()).isPositive();
        assertLearns(Weights.of(model).get("encoder.behind.layer.0.attention.self.E"));
    }

    @Test
    void learnsInTheBeginningTooWhereItsLayersAreNotFrozen() {
        Encoder encoder = new Encoder(apart());
        encoder.initialize(manager, DataType.FLOAT32, new Shape(2, 20, 12));
        NDArray x = manager.randomNormal(new Shape(2, 17, 12));
        x.setRequiresGradient(true);
        NDArray wanted = manager.randomNormal(new Shape(2, 12, 12));

        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDArray y = encoder.forward(new ParameterStore(manager, false), new NDList(x), true)
                    .singletonOrThrow();
            collector.backward(y.get(":, 5:").mul(wanted).sum()); // what is behind reads the beginning
        }

        assertThat(x.getGradient().get(":, :5").abs().sum().getFloat()).isPositive();
        assertLearns(Weights.of(encoder).get("layer.0.attention.self.value.weight"));
    }

    private static void assertLearns(Parameter parameter) {
        assertThat(parameter.getArray().getGradient().abs().sum().getFloat()).isPositive();
    }

    @Test
    void trainsAllItsLayersInMixedPrecision() {
        for (EncoderConfig config : List.of(config(Sharing.KEY_VALUE, true), apart())) {
            Encoder encoder = new Encoder(config);
            encoder.initialize(manager, DataType.FLOAT32, new Shape(2, 20, 12));
            List<float[]> inputs = List.of(
                    manager.randomNormal(new Shape(2, 5, 12)).toFloatArray(),
                    manager.randomNormal(new Shape(2, 17, 12)).toFloatArray());
            List<float[]> expected =
                    inputs.stream().map(x -> trained(encoder, x)).toList();

            encoder.toMixedPrecision();

            for (int i = 0; i < inputs.size(); i++) {
                assertThat(trained(encoder, inputs.get(i)))
                        .as("bfloat16 shows, and is close")
                        .isNotEqualTo(expected.get(i))
                        .containsExactly(expected.get(i), within(0.3f));
            }
            assertThat(encoder.getChildren().values())
                    .filteredOn(EncoderLayer.class::isInstance)
                    .hasSize(config.apart() ? 4 : 3)
                    .allSatisfy(layer -> assertThatIllegalStateException()
                            .isThrownBy(((EncoderLayer) layer)::pack)
                            .withMessage("a block must not be in mixed precision to be packed, but is"));
        }
    }

    /** What an encoder makes of (2, n, 12) in training. */
    private float[] trained(Encoder encoder, float[] x) {
        return encoder.forward(
                        new ParameterStore(manager, false),
                        new NDList(manager.create(x, new Shape(2, x.length / 24, 12))),
                        true)
                .singletonOrThrow()
                .toFloatArray();
    }

    @Test
    void asksForTokensAtPositionsWhereLayersAreApart() {
        EncoderModel model = new EncoderModel(50, apart(), List.of(new MaskedTokenHead.Config()));
        model.initialize(manager, DataType.FLOAT32, new Shape(2, 20));
        NDArray ids = ids(2, 17);
        NDArray mask = manager.ones(new Shape(2, 17));

        NDArray all = forward(model, ids, mask).head(); // (b, n, vocabSize)
        NDArray asked =
                forward(model, ids, mask, manager.create(new long[] {2, 33})).head(); // (p, vocabSize)

        assertThat(asked.get(0).toFloatArray()).containsExactly(all.get("0, 2").toFloatArray(), within(1e-5f));
        assertThat(asked.get(1).toFloatArray()).containsExactly(all.get("1, 16").toFloatArray(), within(1e-5f));
    }

    @Test
    void refusesLayersApartThatNormaliseFirst() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EncoderConfig(
                        2, 24, EncoderConfig.Activation.GELU, true, true, 1e-6f, 0, apart().attention(), true))
                .withMessage("normFirst must be false where layers are apart, but is true");
    }

    @Test
    void refusesLayersApartWithoutAnExactBeginning() {
        EncoderConfig config = config(Sharing.KEY_VALUE, true);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EncoderConfig(
                        2, 24, EncoderConfig.Activation.GELU, false, false, 1e-6f, 0, config.attention(), true))
                .withMessageStartingWith(
                        "attention must be LinformerAttention with one k and FIRST_POSITIONS where layers"
                                + " are apart, but is Config[");
        EncoderModel model = model(apart());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.attentionMaps(new ParameterStore(manager, false), new NDList(ids(2, 6))))
                .withMessage("n must be at most k=5 where layers are apart, but is 6");
    }

    @Test
    void weighsTheFirstPositionsTheSameInAnEmbedding() {
        EncoderModel model = model(config(Sharing.KEY_VALUE, false));
        NDArray ids = ids(1, 2);
        NDArray before = forward(model, ids).get(1);
        NDArray longBefore = forward(model, ids(1, 9)).get(1);
        assertThat(longBefore.square().sum().getFloat()).isEqualTo(1, within(1e-5f));

        Weights.of(model).get("heads.1.pooling.content").getArray().set(new float[] {
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        });

        assertThat(forward(model, ids).get(1).toFloatArray()).containsExactly(before.toFloatArray(), within(1e-6f));
    }

    @Test
    void weighsWhatStandsBehindByContentAndPosition() {
        EncoderModel model = model(config(Sharing.KEY_VALUE, false));
        NDArray ids = ids(1, 9);
        NDArray x = model.encode(new ParameterStore(manager, false), new NDList(ids), false)
                .get(0); // (n, dModel)
        Map<String, Parameter> weights = Weights.of(model);
        NDArray content = manager.randomNormal(new Shape(12));
        NDArray position = manager.randomNormal(new Shape(18));
        content.copyTo(weights.get("heads.1.pooling.content").getArray());
        position.copyTo(weights.get("heads.1.pooling.position").getArray());

        NDArray sum = x.get(":2").sum(new int[] {0});
        for (int i = 2; i < 9; i++) {
            double weight = Math.exp(x.get(i).mul(content).sum().getFloat() + position.getFloat(i - 2));
            sum = sum.add(x.get(i).mul(weight));
        }

        assertThat(forward(model, ids).get(1).toFloatArray())
                .containsExactly(sum.normalize(2, 0).toFloatArray(), within(1e-4f));
    }

    @Test
    void dropsStatesInTrainingAlone() {
        EncoderConfig config = config(Sharing.KEY_VALUE, true);
        EncoderModel model = model(new EncoderConfig(
                config.numLayers(),
                config.ffDim(),
                config.activation(),
                config.normFirst(),
                config.finalNorm(),
                config.normEpsilon(),
                /* dropout= */ 0.5f,
                config.attention(),
                config.apart()));
        NDArray ids = ids(2, 17);
        ParameterStore store = new ParameterStore(manager, false);

        float[] expected = forward(model, ids).get(0).toFloatArray();
        assertThat(forward(model, ids).get(0).toFloatArray()).containsExactly(expected, within(1e-6f));
        float[] once = model.forward(store, new NDList(ids), true).get(0).toFloatArray();
        float[] again = model.forward(store, new NDList(ids), true).get(0).toFloatArray();
        assertThat(once).isNotEqualTo(again);
        NDArray states = model.encode(store, new NDList(ids), true);
        assertThat(states.toFloatArray())
                .as("not the head alone drops")
                .isNotEqualTo(model.encode(store, new NDList(ids), true).toFloatArray());
    }

    /** DJL leaves a number of mul(Number) to the garbage collector while PyTorch needs it for the gradient. */
    @Test
    void hasTheSameGradientsWhereGarbageIsCollectedBeforeThem() throws InterruptedException {
        EncoderModel model = new EncoderModel(
                50,
                new EncoderConfig(
                        /* numLayers= */ 2,
                        /* ffDim= */ 24,
                        EncoderConfig.Activation.GELU,
                        /* normFirst= */ false,
                        /* finalNorm= */ true,
                        /* normEpsilon= */ 1e-6f,
                        /* dropout= */ 0.1f,
                        new LinformerAttention.Config(
                                new Heads(12, 3, 4, true, /* dropout= */ 0.1f, false),
                                /* maxLength= */ 20,
                                /* k= */ 5,
                                new Linear(Sharing.HEADWISE, Initialization.GAUSSIAN, true, false),
                                LinformerAttention.Exact.SHORT_TEXTS),
                        /* apart= */ false),
                List.of(
                        new ClassifierHead.Config(3),
                        new EmbeddingHead.Config(/* equal= */ 5),
                        new MaskedTokenHead.Config()));
        model.initialize(manager, DataType.FLOAT32, new Shape(2, 20));
        // of a scale at which the tokens of a text differ
        Weights.of(model).values().forEach(weight -> weight.getArray().muli(4));
        NDArray ids = ids(2, 17);
        NDArray mask = manager.ones(new Shape(2, 17));
        mask.set(new NDIndex("0, 4:"), 0);

        Map<String, float[]> expected = gradients(model, new NDList(ids, mask), /* collects= */ false);

        gradients(model, new NDList(ids, mask), /* collects= */ true)
                .forEach((name, gradient) ->
                        assertThat(gradient).as(name).containsExactly(expected.get(name), within(1e-4f)));
    }

    /** Until a buffer that nobody holds is free. */
    private static void collectGarbage() throws InterruptedException {
        CountDownLatch isFree = new CountDownLatch(1);
        Cleaner.create().register(ByteBuffer.allocateDirect(4), isFree::countDown);
        do {
            System.gc();
        } while (!isFree.await(100, TimeUnit.MILLISECONDS));
    }

    private Map<String, float[]> gradients(EncoderModel model, NDList inputs, boolean collects)
            throws InterruptedException {
        Map<String, Parameter> weights = Weights.of(model);
        weights.values().forEach(weight -> weight.getArray().setRequiresGradient(true));
        manager.getEngine().setRandomSeed(1);
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDList answers = model.forward(new ParameterStore(manager, false), inputs, true);
            NDArray sum = answers.stream()
                    .map(answer -> answer.square().sum())
                    .reduce(NDArray::add)
                    .orElseThrow();
            if (collects) {
                collectGarbage();
            }
            collector.backward(sum);
        }
        return weights.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, entry -> {
            NDArray gradient = entry.getValue().getArray().getGradient();
            float[] values = gradient.toFloatArray();
            gradient.subi(gradient); // or the next would be added to it
            return values;
        }));
    }

    @Test
    void classifiesByTheTokensThatWeighMost() {
        EncoderModel model = model(config(Sharing.KEY_VALUE, false));
        NDArray ids = ids(1, 4);
        NDArray x = model.encode(new ParameterStore(manager, false), new NDList(ids), false)
                .get(0); // (n, dModel), normalised: a state is most like itself
        assertThat(forward(model, ids).get(0).toFloatArray())
                .containsExactly(logits(model, x.mean(new int[] {0})), within(1e-5f));

        x.get(2)
                .mul(100)
                .copyTo(Weights.of(model).get("heads.0.pooling.content").getArray());

        assertThat(forward(model, ids).get(0).toFloatArray()).containsExactly(logits(model, x.get(2)), within(1e-4f));
    }

    @Test
    void givesNoWeightToPadding() {
        EncoderModel model = model(config(Sharing.KEY_VALUE, false));
        NDArray ids = ids(1, 4);
        NDArray mask = manager.create(new float[] {1, 1, 0, 1}, new Shape(1, 4));
        NDArray x = model.encode(new ParameterStore(manager, false), new NDList(ids, mask), false)
                .get(0); // (n, dModel)

        x.get(2)
                .mul(100)
                .copyTo(Weights.of(model).get("heads.0.pooling.content").getArray());
        float[] padded = forward(model, ids, mask).get(0).toFloatArray();
        float[] nothing = forward(model, ids, mask.zerosLike()).get(0).toFloatArray();

        assertThat(padded).isNotEqualTo(logits(model, x.get(2)));
        int best = (int) x.matMul(x.get(2)).mul(mask.get(0)).argMax().getLong();
        assertThat(padded).containsExactly(logits(model, x.get(best)), within(1e-4f));
        assertThat(nothing).containsExactly(logits(model, x.get(2).zerosLike()), within(1e-5f));
    }

    private static float[] logits(EncoderModel model, NDArray state) {
        Map<String, Parameter> weights = Weights.of(model);
        return weights.get("heads.0.classifier.weight")
                .getArray()
                .matMul(state)
                .add(weights.get("heads.0.classifier.bias").getArray())
                .toFloatArray();
    }

    private EncoderModel model(EncoderConfig config) {
        EncoderModel model = new EncoderModel(50, config, HEADS);
        model.initialize(
                manager, DataType.FLOAT32, new Shape(2, config.attention().maxLength()));
        return model;
    }

    private NDList forward(EncoderModel model, NDArray... inputs) {
        return model.forward(new ParameterStore(manager, false), new NDList(inputs), false);
    }

    private NDArray ids(int b, int n) {
        return manager.randomInteger(0, 50, new Shape(b, n), DataType.INT64);
    }

    @ParameterizedTest(name = "pre-norm: {0}")
    @ValueSource(booleans = {true, false})
    void givesARowOfAPaddedBatchWhatItGetsAlone(boolean normFirst) {
        EncoderModel model = model(config(Sharing.KEY_VALUE, normFirst));
        NDArray ids = ids(2, 17);
        NDArray mask = manager.ones(new Shape(2, 17));
        mask.set(new NDIndex("0, 4:"), 0);

        NDList both = forward(model, ids, mask);
        NDList alone = forward(model, ids.get("0:1, :4"));

        for (int head = 0; head < HEADS.size(); head++) {
            float[] expected = alone.get(head).toFloatArray();
            assertThat(both.get(head).get(0).toFloatArray()).containsExactly(expected, within(1e-5f));
        }
    }

    @Test
    void embedsAsAVectorOfLengthOne() {
        NDArray embedding =
                forward(model(config(Sharing.HEADWISE, true)), ids(2, 17)).get(1);

        assertThat(embedding.getShape()).isEqualTo(new Shape(2, 12));
        assertThat(embedding.square().sum(new int[] {1}).toFloatArray())
                .containsExactly(new float[] {1, 1}, within(1e-5f));
    }

    @Test
    void tellsWhatItsHeadsAreAskedAbout() {
        EncoderModel model = model(config(Sharing.HEADWISE, true));
        NDArray ids = ids(2, 2); // both positions weigh the same to the head that embeds

        NDArray x = model.encode(new ParameterStore(manager, false), new NDList(ids), false);

        assertThat(x.getShape()).isEqualTo(new Shape(2, 2, 12));
        assertThat(x.mean(new int[] {1}).normalize(2, 1).toFloatArray())
                .containsExactly(forward(model, ids).get(1).toFloatArray(), within(1e-5f));
    }

    @Test
    void givesTheShapesThatItAnnounces() {
        EncoderModel model = model(config(Sharing.NONE, true));

        assertThat(forward(model, ids(2, 17)).getShapes())
                .isEqualTo(model.getOutputShapes(new Shape[] {new Shape(2, 17)}));
    }

    @Test
    void namesItsWeightsAsBertDoes() {
        assertThat(Weights.of(model(config(Sharing.LAYERWISE, false))))
                .containsKeys(
                        "embeddings.word_embeddings.weight",
                        "embeddings.LayerNorm.bias",
                        "encoder.layer.0.attention.self.query.weight",
                        "encoder.layer.0.attention.self.E",
                        "encoder.layer.2.attention.output.dense.bias",
                        "encoder.layer.2.attention.output.LayerNorm.weight",
                        "encoder.layer.2.intermediate.dense.weight",
                        "encoder.layer.2.output.LayerNorm.weight",
                        "heads.0.classifier.weight")
                .doesNotContainKey("encoder.layer.1.attention.self.E");
    }

    @ParameterizedTest
    @ValueSource(strings = {"FLOAT32", "FLOAT16"})
    void answersTheSameWithWeightsFromAFile(String type, @TempDir Path folder) throws Exception {
        EncoderModel model = model(config(Sharing.LAYERWISE, true));
        NDArray ids = ids(2, 17);
        Path file = folder.resolve("model.safetensors");

        Weights.save(model, file, DataType.valueOf(type));
        EncoderModel other = model(config(Sharing.LAYERWISE, true));
        Weights.load(other, manager, new ByteArrayInputStream(Files.readAllBytes(file)), DataType.FLOAT32);

        float tolerance = type.equals("FLOAT32") ? 1e-6f : 1e-2f;
        assertThat(forward(other, ids).get(1).toFloatArray())
                .containsExactly(forward(model, ids).get(1).toFloatArray(), within(tolerance));
    }

    @Test
    void refusesTheWeightsOfAnotherModel(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("model.safetensors");
        Weights.save(model(config(Sharing.KEY_VALUE, true)), file, DataType.FLOAT32);
        EncoderModel other = model(config(Sharing.LAYERWISE, true));
        NDArray ids = ids(2, 17);
        float[] before = forward(other, ids).get(1).toFloatArray();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Weights.load(
                        other, manager, new ByteArrayInputStream(Files.readAllBytes(file)), DataType.FLOAT32))
                .withMessage("weights must have the names of the model, but miss [] and have"
                        + " [encoder.layer.1.attention.self.E, encoder.layer.2.attention.self.E]");
        assertThat(forward(other, ids).get(1).toFloatArray()).containsExactly(before, within(1e-6f));
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(
            delimiter = ';',
            value = {
                "{'w':{'dtype':'BF16','shape':[2],'data_offsets':[0,4]}}; w must be of a type that DJL has, but is BF16",
                "{'w':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}}; w must have the 8 bytes of (2), and at most"
                        + " 2147483647, but has the offsets [0, 4]",
                "{'w':{'dtype':'F32','shape':[1],'data_offsets':[0]}}; w must have the 4 bytes of (1), and at most"
                        + " 2147483647, but has the offsets [0]",
                "{'w':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}; w must begin at 0, but begins at 4",
                "{'w':{'dtype':null,'shape':[1],'data_offsets':[0,4]}}; w must have dtype, shape and data_offsets, but has"
                        + " {\"dtype\":null,\"shape\":[1],\"data_offsets\":[0,4]}",
                "{'w':{'dtype':'F32','shape':[4611686018427387905],'data_offsets':[0,4]}}; w must have dtype, shape and"
                        + " data_offsets, but has"
                        + " {\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]}",
                "{'w':5}; w must have dtype, shape and data_offsets, but has 5",
                "{'w':{'dtype':'F32','shape':[1]}}; w must have data_offsets, but has none",
                "{'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}; they end within w",
            })
    void refusesAFileThatIsNoSafetensors(String json, String reason) {
        byte[] header = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        byte[] file = ByteBuffer.allocate(8 + header.length + 4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .array();

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> Weights.read(manager, new ByteArrayInputStream(file)))
                .withMessage("weights must be a safetensors file, but are not: " + reason);
    }

    @Test
    void refusesHalfAFile(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("model.safetensors");
        Weights.save(model(config(Sharing.KEY_VALUE, true)), file, DataType.FLOAT32);
        byte[] whole = Files.readAllBytes(file);

        for (int length : new int[] {4, 100, whole.length / 2}) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> Weights.read(manager, new ByteArrayInputStream(Arrays.copyOf(whole, length))));
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"NONE, 288", "HEADWISE, 24", "KEY_VALUE, 12", "LAYERWISE, 1"})
    void savesAsManyProjectionsAsThePaperCounts(Sharing sharing, int expected, @TempDir Path folder) throws Exception {
        EncoderConfig config = new EncoderConfig(
                12,
                8,
                EncoderConfig.Activation.GELU,
                true,
                true,
                1e-6f,
                0,
                new LinformerAttention.Config(
                        new Heads(24, 12, 2, false, 0, false),
                        8,
                        4,
                        new Linear(sharing, Initialization.GAUSSIAN, false, false),
                        LinformerAttention.Exact.NOWHERE),
                /* apart= */ false);
        Path file = folder.resolve("model.safetensors");

        Weights.save(model(config), file, DataType.FLOAT32);

        long matrices = 0;
        for (NDArray array : NDList.decode(manager, Files.newInputStream(file))) {
            matrices += array.getName().matches(".*self\\.[EF]") ? array.size() / (4 * 8) : 0;
        }
        assertThat(matrices).isEqualTo(expected);
    }

    @Test
    void predictsMaskedTokensEverywhereOrWhereItIsAsked() {
        EncoderModel model = new EncoderModel(
                50,
                config(Sharing.KEY_VALUE, false),
                List.of(new MaskedTokenHead.Config(), new EmbeddingHead.Config(/* equal= */ 2)));
        model.initialize(manager, DataType.FLOAT32, new Shape(2, 20));
        NDArray ids = ids(2, 17);
        NDArray mask = manager.ones(new Shape(2, 17));
        NDArray positions = manager.create(new long[] {3, 17 + 5});

        NDArray everywhere = forward(model, ids, mask).get(0);
        NDArray asked = forward(model, ids, mask, positions).get(0);

        assertThat(everywhere.getShape()).isEqualTo(new Shape(2, 17, 50));
        assertThat(asked.getShape()).isEqualTo(new Shape(2, 50));
        assertThat(asked.get(1).toFloatArray())
                .containsExactly(everywhere.get(1).get(5).toFloatArray(), within(1e-5f));
    }

    @Test
    void learnsToPredictMaskedTokensAndMovesTheTokensItShares() {
        EncoderModel model =
                new EncoderModel(50, config(Sharing.KEY_VALUE, false), List.of(new MaskedTokenHead.Config()));
        model.initialize(manager, DataType.FLOAT32, new Shape(2, 20));
        NDArray tokens =
                Weights.of(model).get("embeddings.word_embeddings.weight").getArray();
        try (GradientCollector gradients = manager.getEngine().newGradientCollector()) {
            NDArray logits = model.forward(new ParameterStore(manager, false), new NDList(ids(2, 17)), true)
                    .singletonOrThrow();
            gradients.backward(logits.logSoftmax(-1).get(":, :, 7").sum());
        }

        // the logit of each token has a gradient, also of those that the text does not have
        assertThat(tokens.getGradient().abs().sum(new int[] {1}).gt(0).all().getBoolean())
                .isTrue();
        assertThat(Weights.of(model).keySet())
                .filteredOn(name -> name.contains("word_embeddings"))
                .hasSize(1);
    }

    @Test
    void computesItsLayersInBfloat16(@TempDir Path folder) {
        EncoderModel model = model(config(Sharing.LAYERWISE, true));
        NDArray ids = ids(2, 17);
        NDArray mask = manager.ones(new Shape(2, 17));
        float[] expected = forward(model, ids, mask).get(1).toFloatArray();

        model.toBfloat16();

        NDArray embedding = forward(model, ids, mask).get(1);
        assertThat(embedding.toFloatArray())
                .containsExactly(expected, within(1e-2f))
                .isNotEqualTo(expected);
        assertThat(model.attentionMaps(new ParameterStore(manager, false), new NDList(ids, mask)))
                .allSatisfy(map -> assertThat(map.isNaN().any().getBoolean()).isFalse());
        assertThatIllegalStateException()
                .isThrownBy(() -> Weights.save(model, folder.resolve("model.safetensors"), DataType.FLOAT16))
                .withMessage("encoder.layer.0.attention.self.query.weight must be of a type that DJL can write, but is"
                        + " bfloat16");
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @EnumSource
    void computesTheSameWithPackedMatrices(EncoderConfig.Activation activation, @TempDir Path folder) {
        EncoderModel model = model(config(Sharing.LAYERWISE, true, activation));
        NDArray ids = ids(2, 17);
        NDArray mask = manager.ones(new Shape(2, 17));
        float[] expected = forward(model, ids, mask).get(1).toFloatArray();

        model.pack();

        assertThat(forward(model, ids, mask).get(1).toFloatArray()).containsExactly(expected, within(1e-5f));
        assertThat(model.attentionMaps(new ParameterStore(manager, false), new NDList(ids, mask)))
                .allSatisfy(map -> assertThat(map.isNaN().any().getBoolean()).isFalse());
        assertThatIllegalStateException()
                .isThrownBy(() -> Weights.save(model, folder.resolve("model.safetensors"), DataType.FLOAT16))
                .withMessage("encoder.layer.0.attention.self.query.weight must not be packed to be written, but is");
        assertThat(folder).isEmptyDirectory();
    }

    /** Texts of at most k tokens, whose layers are one call each, some hundred rows and more, and those that are not. */
    @ParameterizedTest
    @CsvSource({
        "GELU, false, true, false, SHORT_TEXTS, 2, 5",
        "RELU, true, false, false, FIRST_POSITIONS, 1, 1",
        "GELU, true, true, false, FIRST_POSITIONS, 120, 5",
        "RELU, false, false, false, SHORT_TEXTS, 103, 5",
        "GELU, false, true, false, NOWHERE, 2, 5",
        "GELU, false, true, false, FIRST_POSITIONS, 2, 9",
        "GELU, false, true, true, , 3, 7"
    })
    void encodesWithPackedMatricesAsBefore(
            EncoderConfig.Activation activation,
            boolean normFirst,
            boolean projectionBias,
            boolean causal,
            LinformerAttention.@Nullable Exact exact,
            int b,
            int n) {
        Heads heads = new Heads(12, 3, 4, projectionBias, 0, causal);
        AttentionConfig attention = exact == null
                ? new SoftmaxAttention.Config(heads, 20)
                : new LinformerAttention.Config(
                        heads, 20, 5, new Linear(Sharing.KEY_VALUE, Initialization.GAUSSIAN, false, false), exact);
        Encoder encoder =
                new Encoder(new EncoderConfig(2, 24, activation, normFirst, normFirst, 1e-6f, 0, attention, false));
        encoder.setInitializer(new NormalInitializer(0.5f), parameter -> true);
        encoder.initialize(manager, DataType.FLOAT32, new Shape(b, n, 12));
        NDArray x = manager.randomNormal(new Shape(b, n, 12));
        NDArray mask = manager.ones(new Shape(b, n));
        if (n > 3) {
            mask.set(new NDIndex("0, 3:"), 0);
            x.set(new NDIndex("0, 3:"), 1e5f);
        }
        NDArray expected = encoder.forward(new ParameterStore(manager, false), new NDList(x, mask), false)
                .singletonOrThrow();
        NDArray expectedWithoutMask = encoder.forward(new ParameterStore(manager, false), new NDList(x), false)
                .singletonOrThrow();

        encoder.pack();

        NDArray y = encoder.forward(new ParameterStore(manager, false), new NDList(x, mask), false)
                .singletonOrThrow();
        assertThat(tokens(y, mask)).containsExactly(tokens(expected, mask), within(1e-4f));
        NDArray last = encoder.forward(new ParameterStore(manager, false), new NDList(x), false)
                .singletonOrThrow()
                .get(b - 1);
        assertThat(last.toFloatArray())
                .containsExactly(expectedWithoutMask.get(b - 1).toFloatArray(), within(1e-4f));
    }

    @ParameterizedTest
    @CsvSource({"GELU, false, true, 16", "RELU, true, false, 16", "GELU, false, true, 40"})
    void encodesWithPackedMatricesInBfloat16AsBefore(
            EncoderConfig.Activation activation, boolean normFirst, boolean projectionBias, int n) {
        assumeThat(TorchScript.isBfloat16Fast(Device.cpu())).isTrue();
        AttentionConfig attention = new LinformerAttention.Config(
                new Heads(32, 2, 16, projectionBias, 0, false),
                64,
                20,
                new Linear(Sharing.KEY_VALUE, Initialization.GAUSSIAN, false, false),
                LinformerAttention.Exact.FIRST_POSITIONS);
        Encoder encoder =
                new Encoder(new EncoderConfig(2, 64, activation, normFirst, normFirst, 1e-6f, 0, attention, false));
        encoder.initialize(manager, DataType.FLOAT32, new Shape(2, n, 32));
        NDArray x = manager.randomNormal(new Shape(2, n, 32));
        NDArray mask = manager.ones(new Shape(2, n));
        mask.set(new NDIndex("0, 3:"), 0);
        NDArray exact = encoder.forward(new ParameterStore(manager, false), new NDList(x, mask), false)
                .singletonOrThrow();
        encoder.toBfloat16();
        NDArray expected = encoder.forward(new ParameterStore(manager, false), new NDList(x, mask), false)
                .singletonOrThrow();
        float error = largest(expected.sub(exact), mask);

        encoder.pack();

        NDArray y = encoder.forward(new ParameterStore(manager, false), new NDList(x, mask), false)
                .singletonOrThrow();
        assertThat(y.getDataType()).isEqualTo(DataType.FLOAT32);
        // as far from float32 as without packing: of the order of bfloat16's 8 bits
        assertThat(error).isBetween(1e-4f, 0.2f);
        assertThat(largest(y.sub(exact), mask)).isLessThan(2 * error);
        assertThat(encoder.forward(new ParameterStore(manager, false), new NDList(x), false)
                        .singletonOrThrow()
                        .isNaN()
                        .any()
                        .getBoolean())
                .isFalse();
    }

    private static float largest(NDArray y, NDArray mask) {
        return y.abs().mul(mask.expandDims(2)).max().getFloat();
    }

    private static float[] tokens(NDArray y, NDArray mask) {
        NDArray isToken = mask.expandDims(2).broadcast(y.getShape()).toType(DataType.BOOLEAN, false); // (b, n, dModel)
        return y.booleanMask(isToken).toFloatArray();
    }

    @Test
    void showsTheAttentionMapsOfItsLayers() {
        EncoderModel model = model(config(Sharing.KEY_VALUE, true));

        NDList maps = model.attentionMaps(new ParameterStore(manager, false), new NDList(ids(2, 17)));

        assertThat(maps).hasSize(3).allSatisfy(map -> {
            assertThat(map.getShape()).isEqualTo(new Shape(2, 3, 17, 5));
            assertThat(map.sum(new int[] {3}).toFloatArray())
                    .usingComparatorWithPrecision(1e-5f)
                    .containsOnly(1f);
        });
    }

    @Test
    void refusesAMaskForEachQuery() {
        Encoder encoder = new Encoder(config(Sharing.KEY_VALUE, true));
        encoder.initialize(manager, DataType.FLOAT32, new Shape(2, 12, 12));
        NDList inputs = new NDList(manager.ones(new Shape(2, 12, 12)), manager.ones(new Shape(2, 12, 12)));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> encoder.forward(new ParameterStore(manager, false), inputs, false))
                .withMessage(
                        "inputs must be x (b, n, dModel) and a mask (b, n) at most, but are [(2, 12, 12), (2, 12, 12)]");
    }

    @Test
    void refusesALongerText() {
        EncoderModel model = model(config(Sharing.KEY_VALUE, true));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> forward(model, ids(1, 21)))
                .withMessage("ids must be (b, n) with n in [1, maxLength=20], but is (1, 21)");
    }

    @Test
    void isReadBackFromItsOwnJson() {
        EncoderConfig config = config(Sharing.KEY_VALUE, true);

        assertThat(StrictJson.read(StrictJson.write(config), EncoderConfig.class))
                .isEqualTo(config);
    }

    @Test
    void leavesNothingBehind() {
        EncoderModel model = model(config(Sharing.KEY_VALUE, true));
        ParameterStore store = new ParameterStore(manager, false);
        try (NDManager inputs = manager.newSubManager()) {
            NDList batch = new NDList(inputs.zeros(new Shape(2, 17), DataType.INT64), inputs.ones(new Shape(2, 17)));
            manager.cap();

            model.forward(store, batch, false).close();

            assertThat(inputs.getManagedArrays()).hasSize(2);
        }
    }

    @Test
    void learnsUnderDjlsOwnTrainer() {
        try (Model model = Model.newInstance("encoder")) {
            model.setBlock(new EncoderModel(50, config(Sharing.LAYERWISE, true), HEADS));
            DefaultTrainingConfig training = new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                    .optOptimizer(Optimizer.adam()
                            .optLearningRateTracker(Tracker.fixed(0.01f))
                            .build());
            try (Trainer trainer = model.newTrainer(training)) {
                trainer.initialize(new Shape(6, 13));
                NDManager own = trainer.getManager();
                NDArray ids = own.randomInteger(0, 50, new Shape(6, 13), DataType.INT64);
                NDList labels = new NDList(own.create(new float[] {0, 1, 2, 0, 1, 2}));
                float first = step(trainer, ids, labels);
                float last = first;
                for (int i = 0; i < 30; i++) {
                    last = step(trainer, ids, labels);
                }

                assertThat(first).isBetween(0.5f, 3f);
                assertThat(last).isLessThan(first / 5);
            }
        }
    }

    private static float step(Trainer trainer, NDArray ids, NDList labels) {
        try (GradientCollector gradients = trainer.newGradientCollector()) {
            NDArray logits = trainer.forward(new NDList(ids)).get(0);
            NDArray loss = trainer.getLoss().evaluate(labels, new NDList(logits));
            gradients.backward(loss);
            trainer.step();
            return loss.getFloat();
        }
    }
}
