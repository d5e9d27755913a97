package org.linformer.benchmark.rivals;

import java.util.List;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** OpenAI's form, as far as the benchmark asks for it: one text. */
@RestController
final class EmbeddingsController {

    private final Windows windows;
    private final Rival rival;

    EmbeddingsController(Windows windows, Rival rival) {
        this.windows = windows;
        this.rival = rival;
    }

    record Request(String input) {}

    record Response(String object, List<Embedding> data) {}

    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    record Embedding(String object, int index, float[] embedding) {}

    @PostMapping("/v1/embeddings")
    Response embed(@RequestBody Request request) {
        float[] vector = Windows.mean(rival.embed(windows.of(request.input())));
        return new Response("list", List.of(new Embedding("embedding", 0, vector)));
    }
}
