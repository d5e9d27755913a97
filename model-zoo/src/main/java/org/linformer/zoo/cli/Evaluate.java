package org.linformer.zoo.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.linformer.json.StrictJson;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.train.Evaluator;
import org.linformer.zoo.train.LabelledText;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures a classifier. */
@Command(name = "evaluate", description = "Measures a classifier on labelled texts.")
final class Evaluate implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model of the zoo, or a model's folder.")
    private String model = "";

    @Parameters(index = "1", paramLabel = "TEXTS", description = "A file of JSON lines: id, text, label.")
    private Path texts = Path.of("");

    @Option(names = "--max-tokens", description = "Cut each text after so many tokens.")
    private @Nullable Integer maxTokens;

    @Option(names = "--more-than", description = "Leave out texts that have not more than so many tokens.")
    private int moreThan;

    @Override
    public Integer call() throws Exception {
        if (maxTokens != null && maxTokens < 2) {
            throw new IllegalArgumentException("--max-tokens must be at least 2, but is " + maxTokens);
        }
        try (Evaluator evaluator = new Evaluator(LinformerModelZoo.url(model))) {
            List<LabelledText> labelled = evaluator.read(texts).stream()
                    .filter(text -> text.text().total() > moreThan)
                    .toList();
            if (labelled.isEmpty()) {
                throw new IllegalArgumentException(
                        "%s must hold a text of more than %d tokens, but holds none".formatted(texts, moreThan));
            }
            int limit = maxTokens == null ? Integer.MAX_VALUE : maxTokens;
            System.out.println(StrictJson.write(evaluator.evaluate(labelled, limit)));
        }
        return 0;
    }
}
