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

    /** softmax(q kᵀ / √d) v over the keys that are not masked. */
    static double[][] attend(double[][] q, double[][] k, double[][] v, boolean[] isKey) {
        double[][] y = new double[q.length][v[0].length];
        for (int i = 0; i < q.length; i++) {
            double[] weight = new double[k.length];
            double sum = 0;
            for (int j = 0; j < k.length; j++) {
                double score = 0;
                for (int c = 0; c < q[i].length; c++) {
                    score += q[i][c] * k[j][c];
                }
                weight[j] = isKey[j] ? Math.exp(score / Math.sqrt(q[i].length)) : 0;
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

    static void zeroRows(double[][] a, boolean[] isToken) {
        for (int i = 0; i < a.length; i++) {
            if (!isToken[i]) {
                Arrays.fill(a[i], 0);
            }
        }
    }
}
