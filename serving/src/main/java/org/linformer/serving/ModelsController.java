package org.linformer.serving;

import java.io.IOException;
import java.util.List;
import org.linformer.serving.model.ModelInfo;
import org.linformer.serving.model.ModelRegistry;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
final class ModelsController {

    /**
     * The models that are served, in OpenAI's form.
     *
     * @param object {@code list}
     * @param data the models, the default first
     */
    record ModelsResponse(String object, List<ModelInfo> data) {}

    private final ModelRegistry registry;

    ModelsController(ModelRegistry registry) {
        this.registry = registry;
    }

    @GetMapping("/v1/models")
    ModelsResponse list() {
        return new ModelsResponse("list", registry.list());
    }

    @GetMapping("/v1/models/{name}")
    ModelInfo get(@PathVariable String name) {
        return registry.get(name);
    }

    @PostMapping("/v1/models/{name}/reload")
    ModelInfo reload(@PathVariable String name) {
        return registry.reload(name);
    }

    @GetMapping(path = "/v1/models/{name}/card", produces = MediaType.TEXT_MARKDOWN_VALUE + ";charset=UTF-8")
    String card(@PathVariable String name) throws IOException {
        return registry.card(name);
    }
}
