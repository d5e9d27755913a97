package org.linformer.serving;

import java.util.List;
import org.linformer.serving.model.ModelInfo;
import org.linformer.serving.model.Models;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
final class ModelsController {

    /** The models that are served. */
    record ModelsResponse(List<ModelInfo> models) {}

    private final Models models;

    ModelsController(Models models) {
        this.models = models;
    }

    @GetMapping("/v1/models")
    ModelsResponse list() {
        return new ModelsResponse(models.list());
    }
}
