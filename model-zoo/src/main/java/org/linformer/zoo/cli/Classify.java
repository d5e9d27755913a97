package org.linformer.zoo.cli;

import ai.djl.modality.Classifications;
import ai.djl.modality.Classifications.Classification;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Classifies texts. */
@Command(
        name = "classify",
        description = "Writes the labels of texts as JSON lines; stopped with Ctrl-C, it goes on when run again.")
final class Classify implements Callable<Integer> {

    @Mixin
    private AnswerTexts texts = new AnswerTexts();

    @Option(names = "--top-k", description = "Labels of each text, the most probable first. Default: all.")
    private @Nullable Integer topK;

    @Override
    public Integer call() throws Exception {
        if (topK != null && topK < 1) {
            throw new IllegalArgumentException("--top-k must be positive, but is " + topK);
        }
        texts.write(Classifications.class, (line, all) -> {
            JsonArray labels = new JsonArray();
            for (Classification item :
                    all.topK(topK == null ? all.getClassNames().size() : topK)) {
                JsonObject label = new JsonObject();
                label.addProperty("label", item.getClassName());
                label.addProperty("score", item.getProbability());
                labels.add(label);
            }
            line.add("labels", labels);
        });
        return 0;
    }
}
