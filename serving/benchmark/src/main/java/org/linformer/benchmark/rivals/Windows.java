package org.linformer.benchmark.rivals;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A text in parts of at most 510 tokens, none of which begins within a word: MiniLM has 512 positions, two for special
 * tokens. LangChain4j does the same by itself, but DJL's tokenizer under it cuts the text at 512 tokens first.
 */
final class Windows {

    private static final int LONGEST = 510;

    private final HuggingFaceTokenizer tokenizer;

    Windows(MiniLmFiles files) throws IOException {
        tokenizer =
                HuggingFaceTokenizer.newInstance(files.tokenizer(), Map.of("padding", "false", "truncation", "false"));
    }

    /** Cuts a text. */
    List<String> of(String text) {
        if (text.length() <= LONGEST) {
            return List.of(text); // a token has a character at least
        }
        Encoding encoding = tokenizer.encode(text, false, false);
        String[] tokens = encoding.getTokens();
        List<String> windows = new ArrayList<>();
        int from = 0;
        while (tokens.length - from > LONGEST) {
            int to = from + LONGEST;
            while (tokens[to].startsWith("##")) {
                to--;
            }
            windows.add(text.substring(start(encoding, from), start(encoding, to)));
            from = to;
        }
        windows.add(text.substring(start(encoding, from)));
        return windows;
    }

    private static int start(Encoding encoding, int token) {
        return encoding.getCharTokenSpans()[token].getStart();
    }

    /** The vector of a text from those of its parts. */
    static float[] mean(List<float[]> vectors) {
        float[] mean = new float[vectors.get(0).length];
        for (float[] vector : vectors) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += vector[i] / vectors.size();
            }
        }
        return mean;
    }
}
