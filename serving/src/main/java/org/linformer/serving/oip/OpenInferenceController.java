package org.linformer.serving.oip;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.Answered;
import org.linformer.serving.RequestException;
import org.linformer.serving.Texts;
import org.linformer.serving.model.Answers;
import org.linformer.serving.model.Input;
import org.linformer.serving.model.Label;
import org.linformer.serving.model.ModelInfo;
import org.linformer.serving.model.ModelRegistry;
import org.linformer.serving.model.Models;
import org.linformer.serving.model.Truncate;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/**
 * Answers as the Open Inference Protocol asks. A model takes one tensor {@code text} of strings; one that classifies
 * gives {@code label}, {@code score} and {@code probabilities} (in the order of its labels), and one that embeds {@code
 * embedding}.
 */
@RestController
final class OpenInferenceController {

    private static final String LABEL = "label";
    private static final String SCORE = "score";
    private static final String PROBABILITIES = "probabilities";
    private static final String EMBEDDING = "embedding";

    private final ModelRegistry registry;
    private final Models models;
    private final Texts rules;
    private final ApplicationAvailability availability;

    OpenInferenceController(ModelRegistry registry, Models models, Texts rules, ApplicationAvailability availability) {
        this.registry = registry;
        this.models = models;
        this.rules = rules;
        this.availability = availability;
    }

    /** The service. */
    record ServerMetadata(String name, String version, List<String> extensions) {}

    /** A model: what goes in and what comes out, -1 where any size may be. */
    record ModelMetadata(
            String name,
            List<String> versions,
            String platform,
            List<TensorMetadata> inputs,
            List<TensorMetadata> outputs) {}

    /** A tensor without its data. */
    record TensorMetadata(String name, String datatype, List<Integer> shape) {}

    @GetMapping("/v2")
    ServerMetadata server() {
        String version = getClass().getPackage().getImplementationVersion();
        return new ServerMetadata("linformer", version == null ? "unpackaged" : version, List.of());
    }

    @GetMapping("/v2/health/live")
    Map<String, Boolean> live() {
        return Map.of("live", true);
    }

    @GetMapping("/v2/health/ready")
    ResponseEntity<Map<String, Boolean>> ready() {
        boolean isReady = availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC;
        return ResponseEntity.status(isReady ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
                .body(Map.of("ready", isReady));
    }

    @GetMapping({"/v2/models/{name}", "/v2/models/{name}/versions/{version}"})
    ModelMetadata model(@PathVariable String name, @PathVariable(required = false) @Nullable String version) {
        ModelInfo model = find(name, version);
        List<TensorMetadata> outputs = new ArrayList<>();
        if (!model.labels().isEmpty()) {
            outputs.add(new TensorMetadata(LABEL, Tensor.BYTES, List.of(-1)));
            outputs.add(new TensorMetadata(SCORE, Tensor.FP32, List.of(-1)));
            outputs.add(new TensorMetadata(
                    PROBABILITIES, Tensor.FP32, List.of(-1, model.labels().size())));
        }
        if (model.dimension() > 0) {
            outputs.add(new TensorMetadata(EMBEDDING, Tensor.FP32, List.of(-1, model.dimension())));
        }
        return new ModelMetadata(
                model.id(),
                List.of(model.version()),
                "djl_pytorch",
                List.of(new TensorMetadata("text", Tensor.BYTES, List.of(-1))),
                outputs);
    }

    @GetMapping({"/v2/models/{name}/ready", "/v2/models/{name}/versions/{version}/ready"})
    Map<String, Object> modelReady(
            @PathVariable String name, @PathVariable(required = false) @Nullable String version) {
        return Map.of("name", find(name, version).id(), "ready", true);
    }

    private ModelInfo find(String name, @Nullable String version) {
        ModelInfo model = registry.get(name);
        if (version != null && !version.equals(model.version())) {
            throw new RequestException(
                    HttpStatus.NOT_FOUND,
                    "version of %s must be %s, but is %s".formatted(model.id(), model.version(), version));
        }
        return model;
    }

    @PostMapping({"/v2/models/{name}/infer", "/v2/models/{name}/versions/{version}/infer"})
    CompletableFuture<ResponseEntity<InferResponse>> infer(
            @PathVariable String name,
            @PathVariable(required = false) @Nullable String version,
            @RequestBody InferRequest request) {
        ModelInfo model = find(name, version);
        List<Input> texts = texts(request);
        List<String> outputs = outputs(model, request);
        Truncate truncate = rules.truncate(request.truncate());
        return outputs.contains(EMBEDDING)
                ? models.embed(name, texts, truncate)
                        .thenApply(answers ->
                                response(model, request, answers, vectors -> List.of(Tensor.of(EMBEDDING, vectors))))
                : models.classify(name, texts, truncate)
                        .thenApply(
                                answers -> response(model, request, answers, labels -> labels(model, outputs, labels)));
    }

    private static <T> ResponseEntity<InferResponse> response(
            ModelInfo model, InferRequest request, Answers<T> answers, Function<List<T>, List<Tensor>> outputs) {
        return Answered.with(
                answers, new InferResponse(model.id(), model.version(), request.id(), outputs.apply(answers.values())));
    }

    private List<Input> texts(InferRequest request) {
        List<InferRequest.Tensor> inputs = request.inputs();
        if (inputs == null
                || inputs.size() != 1
                || inputs.get(0) == null
                || !"text".equals(inputs.get(0).name())) {
            throw new RequestException(HttpStatus.BAD_REQUEST, "inputs must be one tensor named text, but is not");
        }
        InferRequest.Tensor input = inputs.get(0);
        if (!Tensor.BYTES.equals(input.datatype())) {
            throw new RequestException(
                    HttpStatus.BAD_REQUEST, "datatype of text must be BYTES, but is " + input.datatype());
        }
        List<@Nullable String> data = input.strings();
        List<Integer> shape = input.shape();
        boolean isShape = shape != null
                && !shape.isEmpty()
                && Objects.equals(shape.get(0), data.size())
                && shape.stream().skip(1).allMatch(size -> Objects.equals(size, 1));
        if (!isShape) {
            throw new RequestException(
                    HttpStatus.BAD_REQUEST,
                    "shape of text must be [%d] as its data has that many strings, but is %s"
                            .formatted(data.size(), shape));
        }
        return rules.require("text", data);
    }

    /** What is asked for; without that, labels of a model that has them. */
    private static List<String> outputs(ModelInfo model, InferRequest request) {
        List<String> all = new ArrayList<>();
        if (!model.labels().isEmpty()) {
            all.addAll(List.of(LABEL, SCORE, PROBABILITIES));
        }
        if (model.dimension() > 0) {
            all.add(EMBEDDING);
        }
        List<InferRequest.Output> asked = request.outputs();
        if (asked == null || asked.isEmpty()) {
            return model.labels().isEmpty() ? all : List.of(LABEL, SCORE, PROBABILITIES);
        }
        List<String> names = asked.stream()
                .map(output -> output == null ? "null" : String.valueOf(output.name()))
                .toList();
        boolean isMixed = names.contains(EMBEDDING) && new TreeSet<>(names).size() > 1;
        if (!all.containsAll(names) || isMixed) {
            throw new RequestException(
                    HttpStatus.BAD_REQUEST,
                    "outputs of %s must be some of %s, and %s alone, but are %s"
                            .formatted(model.id(), all, EMBEDDING, names));
        }
        return names;
    }

    private static List<Tensor> labels(ModelInfo model, List<String> outputs, List<List<Label>> labels) {
        Map<String, Tensor> tensors = Map.of(
                LABEL,
                Tensor.of(
                        LABEL,
                        Tensor.BYTES,
                        labels.stream().map(of -> of.get(0).label()).toList()),
                SCORE,
                Tensor.of(
                        SCORE,
                        Tensor.FP32,
                        labels.stream().map(of -> of.get(0).score()).toList()),
                PROBABILITIES,
                Tensor.of(
                        PROBABILITIES,
                        labels.stream().map(of -> inOrder(model.labels(), of)).toList()));
        return outputs.stream()
                .flatMap(name -> Stream.ofNullable(tensors.get(name)))
                .toList();
    }

    private static float[] inOrder(List<String> order, List<Label> labels) {
        Map<String, Double> scores = labels.stream().collect(Collectors.toMap(Label::label, Label::score));
        float[] inOrder = new float[order.size()];
        for (int i = 0; i < inOrder.length; i++) {
            inOrder[i] = scores.getOrDefault(order.get(i), 0.0).floatValue();
        }
        return inOrder;
    }
}
