package org.linformer.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.linformer.json.StrictJson;

/** What every variant must do: a variant's test says how it is built and what its paper computes. */
abstract class AttentionContract {

    static final int BATCH = 3;
    static final int MAX_LENGTH = 16;
    static final MultiHeadAttention.Heads HEADS = new MultiHeadAttention.Heads(
            /* dModel= */ 12, /* numHeads= */ 3, /* headDim= */ 4, /* projectionBias= */ true, /* dropout= */ 0, false);
    private static final int SEED = 42;

    NDManager manager;

    /** The variant, for inputs of at most MAX_LENGTH positions. */
    abstract AttentionConfig config();

    /** The paper's formula for one row: x (n, dModel) attends to the tokens of a context (m, dModel), itself or another. */
    abstract double[][] naive(Map<String, double[][]> weights, double[][] x, double[][] context, boolean[] isToken);

    @BeforeEach
    void openManager() {
        manager = NDManager.newBaseManager();
        manager.getEngine().setRandomSeed(SEED);
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    @ParameterizedTest(name = "n = {0}")
    @ValueSource(ints = {1, 7, 13, 16})
    void computesThePapersFormula(int n) {
        for (DataType type : new DataType[] {DataType.FLOAT32, DataType.FLOAT64}) {
            AttentionBlock block = block(type);
            NDArray x = random(type, BATCH, n);

            NDArray y = forward(block, x);

            assertClose("y", y, naive(block, x, null), type == DataType.FLOAT32 ? 1e-5 : 1e-12);
        }
    }

    @ParameterizedTest(name = "n = {0}")
    @ValueSource(ints = {2, 7, 13, 16})
    void computesThePapersFormulaWithPadding(int n) {
        AttentionBlock block = block(DataType.FLOAT64);
        NDArray x = random(DataType.FLOAT64, BATCH, n);
        NDArray mask = mask(n, 1, n - 1, n);

        NDArray y = forward(block, x, mask);

        assertTokensClose(y, naive(block, x, mask), mask, 1e-12);
    }

    /** Few tokens, but at the end; padding before and between them. */
    @Test
    void computesThePapersFormulaWhereverPaddingStands() {
        AttentionBlock block = block(DataType.FLOAT64);
        NDArray x = random(DataType.FLOAT64, BATCH, 13);
        NDArray mask = mask(13, 0, 0, 13);
        mask.set(new NDIndex("0, 11:"), 1);
        mask.set(new NDIndex("1, 1:4"), 1);
        mask.set(new NDIndex("2, 3:6"), 0);

        NDArray y = forward(block, x, mask);

        assertTokensClose(y, naive(block, x, mask), mask, 1e-12);
    }

    @Test
    void attendsToAnotherText() {
        AttentionBlock block = block(DataType.FLOAT64);
        NDArray x = random(DataType.FLOAT64, BATCH, 20); // longer than maxLength: only what is attended to is bounded
        NDArray context = random(DataType.FLOAT64, BATCH, 13);
        NDArray mask = mask(13, 13, 2, 9);

        NDArray y = forward(block, x, context, mask);

        assertClose("y", y, naive(weights(block), x, context, mask), 1e-12);
    }

    @Test
    void hasTheGradientOfItsFormula() {
        AttentionBlock block = block(DataType.FLOAT64);
        NDArray x = random(DataType.FLOAT64, BATCH, 13);
        NDArray mask = mask(13, 4, 11, 13);
        NDArray cotangent = random(DataType.FLOAT64, BATCH, 13).mul(mask.expandDims(2));

        try (GradientCollector gradients = manager.getEngine().newGradientCollector()) {
            NDArray y = block.forward(store(), new NDList(x, mask), true).singletonOrThrow();
            gradients.backward(y.mul(cotangent).sum());
        }

        double step = 1e-5;
        for (Parameter parameter : block.getDirectParameters().values()) {
            NDArray array = parameter.getArray();
            double[] expected = new double[4];
            double[] actual = new double[4];
            double[] values = array.toDoubleArray();
            double[] gradient = array.getGradient().toDoubleArray();
            for (int i = 0; i < 4; i++) {
                int at = (int) ((long) i * (values.length - 1) / 3);
                actual[i] = gradient[at];
                double value = values[at];
                values[at] = value + step;
                double above = loss(block, Map.of(parameter.getName(), values), x, mask, cotangent);
                values[at] = value - step;
                double below = loss(block, Map.of(parameter.getName(), values), x, mask, cotangent);
                values[at] = value;
                expected[i] = (above - below) / (2 * step);
            }
            for (int i = 0; i < 4; i++) {
                assertThat(actual[i]).as(parameter.getName()).isCloseTo(expected[i], within(1e-6));
            }
        }
    }

    @Test
    void answersInTrainingWhatItAnswersInInference() {
        AttentionBlock block = block(DataType.FLOAT64);
        NDArray x = random(DataType.FLOAT64, BATCH, 13);
        NDArray mask = mask(13, 3, 9, 13);

        NDArray y = block.forward(store(), new NDList(x, mask), true).singletonOrThrow();

        assertClose("y", y, rows(forward(block, x, mask)), 1e-12);
    }

    @Test
    void answersInAnotherThreadWhileItIsTrainable() {
        AttentionBlock block = block(DataType.FLOAT32);
        NDArray x = random(DataType.FLOAT32, BATCH, 13);
        double[][][] expected = rows(forward(block, x));

        // the engine keeps gradients in all threads but the one that started it
        double[][][] actual = CompletableFuture.supplyAsync(
                        () -> rows(forward(block, x)), task -> new Thread(task).start())
                .join();

        assertClose("y", actual, expected, 1e-6);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "FLOAT32"})
    void givesNoNanForARowWithoutATokenAndNothingToTheOthers(DataType type) {
        AttentionBlock block = block(type);
        NDArray x = random(type, 2, 13);
        NDArray mask = mask(13, 0, 13);

        NDArray y = forward(block, x, mask);

        assertThat(y.toType(DataType.FLOAT32, false).isNaN().any().getBoolean()).isFalse();
        assertClose("y", y.get("1:"), rows(forward(block, x.get("1:"))), type == DataType.FLOAT16 ? 2e-2 : 1e-6);
        if (block instanceof MultiHeadAttention withMap) {
            NDArray map = withMap.attentionMap(store(), new NDList(x, mask));
            assertThat(map.toType(DataType.FLOAT32, false).isNaN().any().getBoolean())
                    .isFalse();
        }
    }

    @Test
    void computesInFloat16() {
        AttentionBlock block = block(DataType.FLOAT16);
        NDArray x = random(DataType.FLOAT16, BATCH, 13);
        NDArray mask = mask(13, 3, 9, 13);

        NDArray y = forward(block, x, mask);

        assertThat(y.getDataType()).isEqualTo(DataType.FLOAT16);
        assertTokensClose(y, naive(block, x, mask), mask, 1e-2);
    }

    @Test
    void computesInBfloat16() {
        AttentionBlock block = block(DataType.FLOAT32);
        NDArray x = random(DataType.FLOAT32, BATCH, 13);
        NDArray context = random(DataType.FLOAT32, BATCH, 11);
        NDArray mask = mask(13, 3, 9, 13);
        NDArray maskOfContext = mask(11, 2, 11, 7);
        double[][][] expected = naive(block, x, mask);
        double[][][] expectedWithoutMask = naive(block, x, null);
        double[][][] expectedOfContext = naive(weights(block), x, context, maskOfContext);

        x.setName("an.input");
        block.toBfloat16();

        assertTokensClose(forward(block, x, mask), expected, mask, 2e-2);
        assertClose("y", forward(block, x), expectedWithoutMask, 2e-2);
        assertClose("y", forward(block, x, context, maskOfContext), expectedOfContext, 2e-2);
        assertThat(forward(block, x).getDataType()).isEqualTo(DataType.FLOAT32);
        assertThatIllegalStateException()
                .isThrownBy(() -> block.forward(store(), new NDList(x), true))
                .withMessage("a block must have float32 parameters to be trained, but has them in bfloat16 or packed");
    }

    /** Numbers of rows on both sides of those at which a packed product rounds them up or cuts them. */
    @ParameterizedTest
    @ValueSource(ints = {1, 16, 17, 128, 129, 512, 513, 1024, 1100})
    void computesTheSameWithPackedMatrices(int rows) {
        AttentionBlock block = block(DataType.FLOAT32);
        NDArray x = random(DataType.FLOAT32, rows, 1);
        NDArray context = random(DataType.FLOAT32, rows, 1);
        double[][][] expected = rows(forward(block, x));
        double[][][] expectedOfContext = rows(forward(block, x, context));

        x.setName("an.input");
        block.pack();

        assertClose("y", forward(block, x), expected, 1e-5);
        assertClose("y", forward(block, x, context), expectedOfContext, 1e-5);
    }

    @Test
    void attendsWithPackedMatricesAsTheEquationsSay() {
        AttentionBlock block = block(DataType.FLOAT32);
        NDArray x = random(DataType.FLOAT32, BATCH, 13);
        NDArray context = random(DataType.FLOAT32, BATCH, 11);
        NDArray mask = mask(13, 3, 9, 13);
        NDArray maskOfContext = mask(11, 2, 11, 7);
        double[][][] expected = naive(block, x, mask);
        double[][][] expectedOfContext = naive(weights(block), x, context, maskOfContext);

        block.pack();

        assertTokensClose(forward(block, x, mask), expected, mask, 1e-5);
        assertClose("y", forward(block, x, context, maskOfContext), expectedOfContext, 1e-5);
        assertThatIllegalStateException()
                .isThrownBy(() -> block.forward(store(), new NDList(x), true))
                .withMessage("a block must have float32 parameters to be trained, but has them in bfloat16 or packed");
        assertThatIllegalStateException()
                .isThrownBy(block::pack)
                .withMessageStartingWith(
                        "self.query.weight must be float32 or bfloat16 and on a CPU with oneDNN to be packed");
        assertThatIllegalStateException()
                .isThrownBy(block::toBfloat16)
                .withMessageStartingWith("self.query.weight must be float32 and on PyTorch to become bfloat16");
        assertThatIllegalStateException()
                .isThrownBy(block::toMixedPrecision)
                .withMessage(
                        "a block must have float32 parameters for mixed precision, but has them in bfloat16 or packed");
    }

    @Test
    void attendsWithPackedMatricesInBfloat16() {
        assumeThat(TorchScript.isBfloat16Fast(Device.cpu())).isTrue();
        AttentionBlock block = block(DataType.FLOAT32);
        NDArray x = random(DataType.FLOAT32, BATCH, 13);
        NDArray context = random(DataType.FLOAT32, BATCH, 11);
        NDArray mask = mask(13, 3, 9, 13);
        block.toBfloat16();
        double[][][] expected = rows(forward(block, x, mask));
        double[][][] expectedOfContext = rows(forward(block, x, context));

        block.pack();

        assertTokensClose(forward(block, x, mask), expected, mask, 1e-2);
        assertClose("y", forward(block, x, context), expectedOfContext, 1e-2);
    }

    @Test
    void packsNothingInFloat16() {
        AttentionBlock block = block(DataType.FLOAT16);

        assertThatIllegalStateException()
                .isThrownBy(block::pack)
                .withMessageStartingWith(
                        "self.query.weight must be float32 or bfloat16 and on a CPU with oneDNN to be packed");
    }

    @Test
    void trainsInMixedPrecision() {
        AttentionBlock block = block(DataType.FLOAT32);
        NDArray x = random(DataType.FLOAT32, BATCH, 13);
        NDArray mask = mask(13, 3, 9, 13);
        List<float[]> expected = gradients(block, x, mask);

        block.toMixedPrecision();

        List<float[]> actual = gradients(block, x, mask);
        double error = 0;
        double norm = 0;
        for (int i = 0; i < expected.size(); i++) {
            for (int j = 0; j < expected.get(i).length; j++) {
                double difference = actual.get(i)[j] - expected.get(i)[j];
                error += difference * difference;
                norm += expected.get(i)[j] * expected.get(i)[j];
            }
        }
        assertThat(Math.sqrt(error / norm)).isBetween(1e-7, 5e-2);
        block.getParameters()
                .values()
                .forEach(parameter ->
                        assertThat(parameter.getArray().getDataType()).isEqualTo(DataType.FLOAT32));
        assertThatIllegalStateException()
                .isThrownBy(block::pack)
                .withMessage("a block must not be in mixed precision to be packed, but is");
    }

    private List<float[]> gradients(AttentionBlock block, NDArray x, NDArray mask) {
        List<Parameter> trained = block.getParameters().values().stream()
                .filter(Parameter::requiresGradient)
                .toList();
        trained.forEach(parameter -> parameter.getArray().setRequiresGradient(true));
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDArray y = block.forward(store(), new NDList(x, mask), true).singletonOrThrow();
            collector.backward(y.square().mul(mask.expandDims(2)).sum());
        }
        return trained.stream()
                .map(parameter -> {
                    NDArray gradient = parameter.getArray().getGradient();
                    float[] values = gradient.toFloatArray();
                    gradient.muli(0); // or the next would be added to it
                    return values;
                })
                .toList();
    }

    @Test
    void ignoresWhatStandsInThePadding() {
        AttentionBlock block = block(DataType.FLOAT32);
        NDArray x = random(DataType.FLOAT32, BATCH, 13);
        NDArray mask = mask(13, 1, 6, 13);
        NDArray huge = x.add(mask.mul(-1).add(1).expandDims(2).mul(1e20));

        NDArray y = forward(block, x, mask);
        NDArray other = forward(block, huge, mask);

        assertTokensClose(other, rows(y), mask, 1e-6);
    }

    @Test
    void givesARowOfABatchWhatItGetsAlone() {
        AttentionBlock block = block(DataType.FLOAT64);
        NDArray x = random(DataType.FLOAT64, BATCH, 13);
        int[] lengths = {3, 9, 13};

        NDArray y = forward(block, x, mask(13, lengths));

        for (int row = 0; row < BATCH; row++) {
            NDIndex tokens = new NDIndex("{}:{}, :{}", row, row + 1, lengths[row]);
            assertClose("row " + row, y.get(tokens), rows(forward(block, x.get(tokens))), 1e-12);
        }
    }

    @Test
    void keepsTheOrderOfTheBatch() {
        AttentionBlock block = block(DataType.FLOAT64);
        NDArray x = random(DataType.FLOAT64, BATCH, 13);
        NDArray order = manager.create(new long[] {2, 0, 1});

        NDArray y = forward(block, x.get(order));

        assertClose("y", y, rows(forward(block, x).get(order)), 1e-12);
    }

    @Test
    void answersTheSameAfterSavingAndLoading() throws Exception {
        AttentionBlock block = block(DataType.FLOAT32);
        NDArray x = random(DataType.FLOAT32, BATCH, 13);
        ByteArrayOutputStream file = new ByteArrayOutputStream();

        block.saveParameters(new DataOutputStream(file));
        AttentionBlock loaded = config().newBlock();
        loaded.loadParameters(manager, new DataInputStream(new ByteArrayInputStream(file.toByteArray())));

        assertClose("y", forward(loaded, x), rows(forward(block, x)), 1e-6);
    }

    @Test
    void isReadBackFromItsOwnJson() {
        assertThat(StrictJson.read(StrictJson.write(config()), AttentionConfig.class))
                .isEqualTo(config());
    }

    @Test
    void leavesNothingOnItsManagersButTheAnswer() {
        AttentionBlock block = block(DataType.FLOAT32);
        try (NDManager inputs = manager.newSubManager()) {
            NDArray x = inputs.randomNormal(new Shape(BATCH, 13, HEADS.dModel()));
            NDArray mask = inputs.ones(new Shape(BATCH, 13));
            ParameterStore store = store();
            forward(block, x, mask);
            int owned = manager.getManagedArrays().size();
            manager.cap();

            for (int i = 0; i < 3; i++) {
                block.forward(store, new NDList(x, mask), false).close();
            }

            assertThat(manager.getManagedArrays()).hasSize(owned);
            assertThat(inputs.getManagedArrays()).hasSize(3);
        }
    }

    @Test
    void refusesAnotherWidth() {
        AttentionBlock block = block(DataType.FLOAT32);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> forward(block, manager.ones(new Shape(2, 13, 11))))
                .withMessage("x must be (b, n, dModel=12), but is (2, 13, 11)");
    }

    @Test
    void refusesALongerInput() {
        AttentionBlock block = block(DataType.FLOAT32);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> forward(block, manager.ones(new Shape(2, 17, 12))))
                .withMessage("n must be in [1, maxLength=16], but is 17");
    }

    @Test
    void refusesALongerContext() {
        AttentionBlock block = block(DataType.FLOAT32);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> forward(block, manager.ones(new Shape(2, 3, 12)), manager.ones(new Shape(2, 17, 12))))
                .withMessage("m must be in [1, maxLength=16], but is 17");
    }

    @Test
    void refusesAContextOfAnotherBatch() {
        AttentionBlock block = block(DataType.FLOAT32);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> forward(block, manager.ones(new Shape(2, 3, 12)), manager.ones(new Shape(1, 5, 12))))
                .withMessage("context must have the b=2 of x, but is (1, 5, 12)");
    }

    @Test
    void refusesMoreInputsThanItKnows() {
        AttentionBlock block = block(DataType.FLOAT32);
        NDArray x = manager.ones(new Shape(2, 3, 12));
        NDArray mask = manager.ones(new Shape(2, 3));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> forward(block, x, mask, mask))
                .withMessage("inputs must be x, context and mask at most, but are 3 arrays");
    }

    @Test
    void refusesAnotherMask() {
        AttentionBlock block = block(DataType.FLOAT32);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> forward(block, manager.ones(new Shape(2, 13, 12)), manager.ones(new Shape(2, 12))))
                .withMessage("mask must be (b, n)=(2, 13), but is (2, 12)");
    }

    final AttentionBlock block(DataType type) {
        AttentionBlock block = config().newBlock();
        block.initialize(manager, type, new Shape(BATCH, MAX_LENGTH, HEADS.dModel()));
        // biases start at zero, where a wrong use of them would not show
        for (Parameter parameter : block.getDirectParameters().values()) {
            if (parameter.getType() == Parameter.Type.BIAS) {
                NDArray bias = manager.randomNormal(0, 1, parameter.getShape(), type);
                parameter.close();
                parameter.setShape(null);
                parameter.setArray(bias);
                bias.setRequiresGradient(true);
            }
        }
        return block;
    }

    final NDArray random(DataType type, int b, int n) {
        return manager.randomNormal(0, 1, new Shape(b, n, HEADS.dModel()), type);
    }

    final NDArray mask(int n, int... lengths) {
        float[] mask = new float[lengths.length * n];
        for (int row = 0; row < lengths.length; row++) {
            Arrays.fill(mask, row * n, row * n + lengths[row], 1);
        }
        return manager.create(mask, new Shape(lengths.length, n));
    }

    final ParameterStore store() {
        return new ParameterStore(manager, false);
    }

    final NDArray forward(AttentionBlock block, NDArray... inputs) {
        return block.forward(store(), new NDList(inputs), false).singletonOrThrow();
    }

    private double loss(
            AttentionBlock block, Map<String, double[]> changed, NDArray x, NDArray mask, NDArray cotangent) {
        Map<String, double[][]> weights = weights(block);
        changed.forEach((name, values) -> weights.put(name, matrix(values, block, name)));
        double[][][] factors = rows(cotangent);
        double[][][] y = naive(weights, x, x, mask);
        double sum = 0;
        for (int row = 0; row < y.length; row++) {
            for (int i = 0; i < y[row].length; i++) {
                for (int c = 0; c < y[row][i].length; c++) {
                    sum += factors[row][i][c] == 0 ? 0 : y[row][i][c] * factors[row][i][c];
                }
            }
        }
        return sum;
    }

    private double[][][] naive(AttentionBlock block, NDArray x, NDArray mask) {
        return naive(weights(block), x, x, mask);
    }

    private double[][][] naive(Map<String, double[][]> weights, NDArray x, NDArray context, NDArray mask) {
        double[][][] rows = rows(x);
        // one array where x attends to itself, as in the block
        double[][][] contexts = context == x ? rows : rows(context);
        double[][][] y = new double[rows.length][][];
        for (int row = 0; row < rows.length; row++) {
            boolean[] isToken = new boolean[contexts[row].length];
            for (int i = 0; i < isToken.length; i++) {
                isToken[i] = mask == null || mask.getFloat(row, i) == 1;
            }
            y[row] = naive(weights, rows[row], contexts[row], isToken);
        }
        return y;
    }

    /** The block's parameters, (rows, columns); leading axes are put together. */
    static Map<String, double[][]> weights(AttentionBlock block) {
        Map<String, double[][]> weights = new TreeMap<>();
        for (Parameter parameter : block.getDirectParameters().values()) {
            double[] values =
                    parameter.getArray().toType(DataType.FLOAT64, true).toDoubleArray();
            weights.put(parameter.getName(), matrix(values, block, parameter.getName()));
        }
        return weights;
    }

    private static double[][] matrix(double[] values, AttentionBlock block, String name) {
        Shape shape = block.getDirectParameters().get(name).getShape();
        int columns = (int) shape.get(shape.dimension() - 1);
        double[][] rows = new double[values.length / columns][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(values, i * columns, (i + 1) * columns);
        }
        return rows;
    }

    static double[][][] rows(NDArray x) {
        double[] values = x.toType(DataType.FLOAT64, true).toDoubleArray();
        int b = (int) x.getShape().get(0);
        int n = (int) x.getShape().get(1);
        int width = (int) x.getShape().get(2);
        double[][][] rows = new double[b][n][];
        for (int i = 0; i < b * n; i++) {
            rows[i / n][i % n] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
        }
        return rows;
    }

    private static void assertTokensClose(NDArray actual, double[][][] expected, NDArray mask, double tolerance) {
        double[][][] rows = rows(actual);
        for (int row = 0; row < rows.length; row++) {
            for (int i = 0; i < rows[row].length; i++) {
                if (mask.getFloat(row, i) == 0) {
                    rows[row][i] = new double[0];
                    expected[row][i] = new double[0];
                }
            }
        }
        assertClose("y at the tokens", rows, expected, tolerance);
    }

    static void assertClose(String name, NDArray actual, double[][][] expected, double tolerance) {
        assertClose(name, rows(actual), expected, tolerance);
    }

    /** Root mean square of the error over that of the expected. */
    private static void assertClose(String name, double[][][] actual, double[][][] expected, double tolerance) {
        double error = 0;
        double size = 0;
        for (int row = 0; row < expected.length; row++) {
            for (int i = 0; i < expected[row].length; i++) {
                assertThat(actual[row][i]).as(name).hasSameSizeAs(expected[row][i]);
                for (int c = 0; c < expected[row][i].length; c++) {
                    error += Math.pow(actual[row][i][c] - expected[row][i][c], 2);
                    size += Math.pow(expected[row][i][c], 2);
                }
            }
        }
        assertThat(Math.sqrt(error / size)).as("relative error of " + name).isLessThan(tolerance);
    }
}
