package org.linformer.zoo.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.linformer.zoo.LinformerModelZoo;
import org.linformer.zoo.data.Pair;
import org.linformer.zoo.search.SearchEvaluation;
import org.linformer.zoo.search.SearchFigures;
import org.linformer.zoo.train.EmbeddingMetrics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures an embedding model by search. */
@Command(
        name = "evaluate-search",
        description =
                "Measures an embedding model by search, beside the model that it starts from and search by words.")
final class EvaluateSearch implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model of the zoo, or a model's folder.")
    private String model = "";

    @Parameters(index = "1", paramLabel = "PAIRS", description = "A file of JSON lines: id, query, document.")
    private Path pairs = Path.of("");

    @Option(names = "--original", required = true, description = "Folder of all-minilm-l6-v2, as import writes it.")
    private String original = "";

    @Option(names = "--card", description = "Put the figures into metrics.json and CARD.md of the model's folder.")
    private boolean card;

    @Override
    public Integer call() throws Exception {
        if (card) {
            if (!model.contains("/")) {
                throw new IllegalArgumentException("MODEL must be a folder with --card, but is " + model);
            }
            EmbeddingMetrics.requireCard(LinformerModelZoo.folder(model));
        }
        List<Pair> all = Pair.read(pairs);
        if (all.isEmpty()) {
            throw new IllegalArgumentException(pairs + " must hold a pair, but holds none");
        }
        List<SearchFigures> figures = new SearchEvaluation(all, System.out).run(model, original);
        if (card) {
            String command = "linformer evaluate-search %s %s --original %s --card".formatted(model, pairs, original);
            EmbeddingMetrics.add(
                    new EmbeddingMetrics.Search(command, all.size(), figures), LinformerModelZoo.folder(model));
        }
        return 0;
    }
}
