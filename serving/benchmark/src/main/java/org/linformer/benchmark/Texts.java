package org.linformer.benchmark;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Requests with English texts of exactly so many tokens, special tokens counted: a file of lines {@code PATH BODY} for
 * each length. A text is what follows a random word of the project's own documents, punctuation and code left out.
 */
final class Texts {

    /** How many texts there are of a length, in tokens. */
    private static final Map<Integer, Integer> COUNTS = counts();

    private static final Path FOLDER = Path.of("serving/benchmark/target/texts");
    private static final Pattern SPACE = Pattern.compile("\\s+");
    private static final int SPECIAL_TOKENS = 2;

    private final HuggingFaceTokenizer tokenizer;
    private final List<String> words;
    private final Random random = new Random(42);

    private Texts(HuggingFaceTokenizer tokenizer, List<String> words) {
        this.tokenizer = tokenizer;
        this.words = words;
    }

    private static Map<Integer, Integer> counts() {
        Map<Integer, Integer> counts = new LinkedHashMap<>();
        counts.put(16, 2000);
        counts.put(128, 1000);
        counts.put(1000, 300);
        counts.put(4000, 100);
        return counts;
    }

    /** The file of the requests for vectors of texts of a length. */
    static Path ofLength(int tokens) {
        return FOLDER.resolve(tokens + ".txt");
    }

    /** The file of the requests for vectors and labels of texts of all lengths, as many as there are of each. */
    static Path mixed() {
        return FOLDER.resolve("mixed.txt");
    }

    /** Writes the files. */
    static void write() throws IOException {
        Files.createDirectories(FOLDER);
        List<String> mixed = new ArrayList<>();
        try (InputStream json =
                        Objects.requireNonNull(Texts.class.getResourceAsStream("/all-minilm-l6-v2-tokenizer.json"));
                HuggingFaceTokenizer tokenizer =
                        HuggingFaceTokenizer.newInstance(json, Map.of("truncation", "false", "padding", "false"))) {
            Texts texts = new Texts(tokenizer, words());
            for (Map.Entry<Integer, Integer> length : COUNTS.entrySet()) {
                Set<String> requests = new LinkedHashSet<>();
                while (requests.size() < length.getValue()) {
                    String text = texts.next(length.getKey());
                    if (requests.add("/v1/embeddings {\"input\":\"%s\"}".formatted(text))) {
                        mixed.add("/v1/classify {\"text\":\"%s\"}".formatted(text));
                    }
                }
                Files.write(ofLength(length.getKey()), requests);
                mixed.addAll(requests);
            }
        }
        Collections.shuffle(mixed, new Random(42));
        Files.write(mixed(), mixed);
    }

    private static List<String> words() throws IOException {
        List<String> words = new ArrayList<>();
        try (Stream<Path> cards = Files.walk(Path.of("model-zoo/src/main"))) {
            List<Path> files =
                    new ArrayList<>(List.of(Path.of("README.md"), Path.of("CONTRIBUTING.md"), Path.of("LICENSE")));
            cards.filter(file -> file.endsWith("CARD.md")).sorted().forEach(files::add);
            for (Path file : files) {
                // nothing that JSON would want escaped
                SPACE.splitAsStream(Files.readString(file))
                        .filter(word -> word.matches("\\(?[A-Za-z][A-Za-z-]*[.,:;)]*"))
                        .forEach(words::add);
            }
        }
        return words;
    }

    private String next(int tokens) {
        while (true) {
            int from = random.nextInt(words.size());
            StringBuilder text = new StringBuilder();
            // a word has a token at least
            for (int i = 0; i < tokens; i++) {
                text.append(i == 0 ? "" : " ").append(words.get((from + i) % words.size()));
            }
            Encoding encoding = tokenizer.encode(text.toString(), false, false);
            int end = encoding.getCharTokenSpans()[tokens - SPECIAL_TOKENS - 1].getEnd();
            String cut = text.substring(0, end);
            if (tokenizer.encode(cut).getIds().length == tokens) {
                return cut;
            }
        }
    }
}
