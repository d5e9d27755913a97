package org.linformer.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.nn.ParameterList;
import ai.djl.training.ParameterStore;
import java.util.LinkedHashMap;
import java.util.Map;
import org.linformer.attention.AttentionBlock;

/** No speed without correctness. */
final class Check {

    private Check() {}

    /** softmax(X W_q (E (X W_k))ᵀ / √d) (F (X W_v)) W_o in the paper's order, head by head, against the block. */
    static void equalsThePapersOrder(AttentionBlock block, NDArray x, int heads) {
        Map<String, NDArray> w = new LinkedHashMap<>();
        ParameterList parameters = block.getParameters();
        parameters.forEach(pair ->
                w.put(pair.getValue().getName(), pair.getValue().getArray().duplicate()));
        NDArray rows = x.get(0); // (n, dModel)
        NDArray query = rows.matMul(w.get("self.query.weight").transpose());
        NDArray e = w.get("self.E").get(":, :{}", rows.getShape().get(0));
        NDArray f = w.getOrDefault("self.F", w.get("self.E"))
                .get(":, :{}", rows.getShape().get(0));
        NDArray key = e.matMul(rows.matMul(w.get("self.key.weight").transpose()));
        NDArray value = f.matMul(rows.matMul(w.get("self.value.weight").transpose()));
        long d = query.getShape().get(1) / heads;
        NDArray expected = w.get("output.dense.bias").expandDims(0);
        for (int h = 0; h < heads; h++) {
            String columns = ":, %d:%d".formatted(h * d, (h + 1) * d);
            NDArray map = query.get(columns)
                    .matMul(key.get(columns).transpose())
                    .div(Math.sqrt(d))
                    .softmax(1); // (n, k)
            NDArray output = w.get("output.dense.weight").get(columns).transpose(); // (d, dModel)
            expected = expected.add(map.matMul(value.get(columns)).matMul(output));
        }
        NDArray y = block.forward(new ParameterStore(x.getManager(), false), new NDList(x), false)
                .singletonOrThrow()
                .get(0);
        double error = Math.sqrt(y.sub(expected).square().mean().getFloat()
                / expected.square().mean().getFloat());
        if (!(error < 1e-4)) {
            throw new IllegalStateException("error to the paper's order must be below 1e-4, but is " + error);
        }
    }
}
