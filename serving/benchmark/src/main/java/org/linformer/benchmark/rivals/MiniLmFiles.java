package org.linformer.benchmark.rivals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * all-MiniLM-L6-v2 of LangChain4j's jar, as files that are gone with the process. The tokenizer there cuts
 * every text at 128 tokens; this one does not.
 *
 * @param model the ONNX file
 * @param tokenizer the tokenizer
 */
record MiniLmFiles(Path model, Path tokenizer) {

    static MiniLmFiles extract() throws IOException {
        Path model = file(".onnx");
        try (InputStream in = resource("/all-minilm-l6-v2.onnx")) {
            Files.copy(in, model, StandardCopyOption.REPLACE_EXISTING);
        }
        Path tokenizer = file(".json");
        JsonMapper mapper = new JsonMapper();
        try (InputStream in = resource("/all-minilm-l6-v2-tokenizer.json")) {
            ObjectNode json = (ObjectNode) mapper.readTree(in);
            json.putNull("truncation");
            json.putNull("padding");
            Files.writeString(tokenizer, mapper.writeValueAsString(json));
        }
        return new MiniLmFiles(model, tokenizer);
    }

    private static Path file(String suffix) throws IOException {
        Path file = Files.createTempFile("minilm", suffix);
        file.toFile().deleteOnExit();
        return file;
    }

    private static InputStream resource(String name) {
        InputStream in = MiniLmFiles.class.getResourceAsStream(name);
        if (in == null) {
            throw new UncheckedIOException(new IOException("class path must have %s, but has not".formatted(name)));
        }
        return in;
    }
}
