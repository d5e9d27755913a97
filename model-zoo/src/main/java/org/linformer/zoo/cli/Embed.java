package org.linformer.zoo.cli;

import com.google.gson.JsonArray;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Embeds texts. */
@Command(
        name = "embed",
        description = "Writes the vectors of texts as JSON lines; stopped with Ctrl-C, it goes on when run again.")
final class Embed implements Callable<Integer> {

    @Mixin
    private AnswerTexts texts = new AnswerTexts();

    @Override
    public Integer call() throws Exception {
        texts.write(float[].class, (line, vector) -> {
            JsonArray embedding = new JsonArray();
            for (float component : vector) {
                embedding.add(component);
            }
            line.add("embedding", embedding);
        });
        return 0;
    }
}
