package org.linformer.attention;

import java.util.Arrays;

/** The formulas of the papers as loops over doubles, slow and plain. */
final class Naive {

    private Naive() {}

    /** a (r, s) times b (s, c). */
    static double[][] multiply(double[][] a, double[][] b) {
        double[][] product = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b[0].length; j++) {
                for (int s = 0; s < b.length; s++) {
                    product[i][j] += a[i][s] * b[s][j];
                }
            }
        }
        return product;
    }

    static double[][] transpose(double[][] a) {
        double[][] t = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[0].length; j++) {
                t[j][i] = a[i][j];
            }
        }
        return t;
    }

    /** x Wᵀ + b, with W as it is stored: (out, in). */
    static double[][] linear(double[][] x, double[][] weight, double[] bias) {
        double[][] y = multiply(x, transpose(weight));
        for (double[] row : y) {
            for (int j = 0; j < row.length; j++) {
                row[j] += bias[j];
            }
        }
        return y;
    }

    /** softmax(q kᵀ / √d) v over the keys that are not masked and, if causal, stand no later than the query. */
    static double[][] attend(double[][] q, double[][] k, double[][] v, boolean[] isKey, boolean causal) {
        double[][] y = new double[q.length][v[0].length];
        for (int i = 0; i < q.length; i++) {
            double[] weight = new double[k.length];
            double sum = 0;
            for (int j = 0; j < k.length; j++) {
                double score = 0;
                for (int c = 0; c < q[i].length; c++) {
                    score += q[i][c] * k[j][c];
                }
                weight[j] = isKey[j] && !(causal && j > i) ? Math.exp(score / Math.sqrt(q[i].length)) : 0;
                sum += weight[j];
            }
            for (int j = 0; j < k.length; j++) {
                for (int c = 0; c < v[0].length; c++) {
                    y[i][c] += weight[j] / sum * v[j][c];
                }
            }
        }
        return y;
    }

    /** Columns from (inclusive) to (exclusive). */
    static double[][] columns(double[][] a, int from, int to) {
        return Arrays.stream(a).map(row -> Arrays.copyOfRange(row, from, to)).toArray(double[][]::new);
    }

    /** Slot j is the mean or the maximum of the rows j * window to (j + 1) * window - 1, zero where there is no row. */
    static double[][] pool(double[][] rows, int window, int slots, boolean isMean) {
        double[][] pooled = new double[slots][rows[0].length];
        for (int j = 0; j < slots; j++) {
            for (int c = 0; c < rows[0].length; c++) {
                double sum = 0;
                double max = Double.NEGATIVE_INFINITY;
                for (int t = j * window; t < (j + 1) * window; t++) {
                    double value = t < rows.length ? rows[t][c] : 0;
                    sum += value;
                    max = Math.max(max, value);
                }
                pooled[j][c] = isMean ? sum / window : max;
            }
        }
        return pooled;
    }

    /** Convolution with kernel = stride = window; kernels (out * in, window), or (out, window) if depthwise. */
    static double[][] convolve(double[][] rows, double[][] kernels, boolean isDepthwise, int slots) {
        int window = kernels[0].length;
        int channels = rows[0].length;
        double[][] sums = new double[slots][channels];
        for (int j = 0; j < slots; j++) {
            for (int out = 0; out < channels; out++) {
                for (int in = 0; in < channels; in++) {
                    for (int t = 0; t < window; t++) {
                        int at = j * window + t;
                        double weight =
                                !isDepthwise ? kernels[out * channels + in][t] : in == out ? kernels[out][t] : 0;
                        sums[j][out] += at < rows.length ? weight * rows[at][in] : 0;
                    }
                }
            }
        }
        return sums;
    }

    static void zeroRows(double[][] a, boolean[] isToken) {
        for (int i = 0; i < a.length; i++) {
            if (!isToken[i]) {
                Arrays.fill(a[i], 0);
            }
        }
    }
}
