package org.linformer.zoo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.linformer.zoo.train.PerplexityCurves;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares trainings on masked tokens. */
@Command(
        name = "perplexity",
        description = "Draws the validation perplexities of pretrained models, as the paper's Figure 3.")
final class Perplexity implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", arity = "1..*", description = "Folders of models that train has pretrained.")
    private List<Path> models = List.of();

    @Option(names = "--out", required = true, description = "Folder of the plot and the table.")
    private Path out = Path.of("");

    @Override
    public Integer call() throws IOException {
        PerplexityCurves.write(models, out);
        System.out.print(Files.readString(out.resolve("perplexity.md")));
        return 0;
    }
}
