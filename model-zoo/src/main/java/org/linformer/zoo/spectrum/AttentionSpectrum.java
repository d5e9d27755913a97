package org.linformer.zoo.spectrum;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.training.ParameterStore;
import ai.djl.translate.NoopTranslator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.linformer.attention.LinformerAttention;
import org.linformer.attention.TorchScript;
import org.linformer.encoder.EncoderConfig;
import org.linformer.encoder.EncoderModel;
import org.linformer.zoo.ModelConfig;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.Truncation;

/**
 * The singular values of a model's attention maps, as in Figure 1 of "Linformer: Self-Attention with Linear Complexity"
 * (https://arxiv.org/abs/2006.04768, section 3): for each layer and head, the share of the sum of all singular values
 * that the largest m have, averaged over texts.
 *
 * @param tokens length of each text, in tokens: longer ones were cut to it and shorter ones left out
 * @param texts number of texts
 * @param cumulative share by layer, head and m - 1, in [0, 1]; as many m as a map has singular values
 */
public record AttentionSpectrum(int tokens, int texts, List<List<List<Double>>> cumulative) {

    /**
     * Computes the spectrum.
     *
     * @param url {@code linformer://NAME} or {@code linformer:///FOLDER}
     * @param texts the texts
     * @param tokens length of each text, in tokens, special tokens counted
     * @param maxTexts how many of those that are long enough are used, in their order
     * @return the spectrum
     * @throws IOException if a file cannot be read or is not the right one
     * @throws ModelNotFoundException if there is no such model
     * @throws MalformedModelException if its weights are not its own
     * @throws IllegalArgumentException if the model does not read so many tokens, or no text has them
     */
    public static AttentionSpectrum of(String url, List<String> texts, int tokens, int maxTexts)
            throws IOException, ModelNotFoundException, MalformedModelException {
        Criteria<NDList, NDList> criteria = Criteria.builder()
                .setTypes(NDList.class, NDList.class)
                .optModelUrls(url)
                .optTranslator(new NoopTranslator())
                .build();
        try (ZooModel<NDList, NDList> model = criteria.loadModel()) {
            EncoderModel encoder = (EncoderModel) model.getBlock();
            TextTokenizer tokenizer = TextTokenizer.of(model);
            EncoderConfig config = ModelConfig.of(model).encoder();
            int longest = config.apart() && config.attention() instanceof LinformerAttention.Config linformer
                    ? linformer.k().get(0) // behind it a text goes through layers that have no map of their own
                    : tokenizer.maxTokens();
            if (maxTexts < 1) {
                throw new IllegalArgumentException("maxTexts must be positive, but is " + maxTexts);
            }
            if (tokens < 2 || tokens > longest) {
                throw new IllegalArgumentException("tokens must be in [2, %d], but is %d".formatted(longest, tokens));
            }
            double[][][] sums = {};
            int used = 0;
            for (String text : texts) {
                if (used == maxTexts) {
                    break;
                }
                long[] ids = tokenizer.tokenize(text, Truncation.END).ids();
                if (ids.length < tokens) {
                    continue;
                }
                long[] cut = Arrays.copyOf(ids, tokens);
                cut[tokens - 1] = ids[ids.length - 1];
                double[][][] shares = shares(model.getNDManager(), encoder, cut);
                sums = used == 0 ? shares : plus(sums, shares);
                used++;
            }
            if (used == 0) {
                throw new IllegalArgumentException("texts must have one of at least %d tokens, but are %d shorter ones"
                        .formatted(tokens, texts.size()));
            }
            return new AttentionSpectrum(tokens, used, means(sums, used));
        }
    }

    private static List<List<List<Double>>> means(double[][][] sums, int texts) {
        return Arrays.stream(sums)
                .map(layer -> Arrays.stream(layer)
                        .map(head -> Arrays.stream(head)
                                .map(sum -> sum / texts)
                                .boxed()
                                .toList())
                        .toList())
                .toList();
    }

    private static double[][][] shares(NDManager manager, EncoderModel encoder, long[] ids) {
        try (NDManager scope = manager.newSubManager()) {
            NDArray text = scope.create(ids, new Shape(1, ids.length));
            NDList maps = encoder.attentionMaps(new ParameterStore(scope, false), new NDList(text));
            List<double[][]> layers = new ArrayList<>();
            for (NDArray map : maps) {
                NDArray values = TorchScript.SINGULAR_VALUES.apply(map.squeeze(0)); // (h, m), falling
                NDArray cumulative = values.cumSum(1).div(values.sum(new int[] {1}, true)); // (h, m)
                double[] flat = cumulative.toType(DataType.FLOAT64, false).toDoubleArray();
                int heads = (int) cumulative.getShape().get(0);
                int number = flat.length / heads;
                double[][] byHead = new double[heads][];
                for (int h = 0; h < heads; h++) {
                    byHead[h] = Arrays.copyOfRange(flat, h * number, (h + 1) * number);
                }
                layers.add(byHead);
            }
            return layers.toArray(double[][][]::new);
        }
    }

    private static double[][][] plus(double[][][] a, double[][][] b) {
        for (int layer = 0; layer < a.length; layer++) {
            for (int head = 0; head < a[layer].length; head++) {
                for (int i = 0; i < a[layer][head].length; i++) {
                    a[layer][head][i] += b[layer][head][i];
                }
            }
        }
        return a;
    }

    /**
     * Averages the heads of a layer.
     *
     * @param layer index of the layer
     * @return the share by m - 1
     */
    public double[] meanOfLayer(int layer) {
        List<List<Double>> heads = cumulative.get(layer);
        double[] mean = new double[heads.get(0).size()];
        for (List<Double> head : heads) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += head.get(i) / heads.size();
            }
        }
        return mean;
    }
}
