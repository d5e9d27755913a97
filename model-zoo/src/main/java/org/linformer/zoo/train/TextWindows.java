package org.linformer.zoo.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.linformer.zoo.TextTokenizer;
import org.linformer.zoo.Truncation;
import org.linformer.zoo.data.Example;
import org.linformer.zoo.data.Pair;

/**
 * The texts of data sets, whatever their labels or queries, in windows of one length: all of them one after another,
 * each closed by [SEP], between [CLS] and [SEP].
 */
final class TextWindows {

    private static final String PAIRS = "pairs-";

    private final List<Path> folders;
    private final int length;

    TextWindows(List<Path> folders, int length) {
        this.folders = List.copyOf(folders);
        this.length = length;
    }

    /** The files of a part, one a folder: of labelled texts, or of pairs where there are none. */
    List<Path> files(String split) {
        return folders.stream()
                .map(folder -> {
                    Path labelled = folder.resolve(split + ".jsonl");
                    return Files.exists(labelled) ? labelled : folder.resolve(PAIRS + split + ".jsonl");
                })
                .toList();
    }

    /** The windows of a part; what is left behind the last whole one is not read. */
    List<long[]> read(String split, TextTokenizer tokenizer) throws IOException {
        List<long[]> windows = new ArrayList<>();
        long[] window = new long[length];
        int filled = 1;
        for (Path file : files(split)) {
            for (String text : texts(file)) {
                long[] ids = tokenizer.tokenize(text, Truncation.NONE).ids();
                for (int i = 1; i < ids.length; i++) {
                    window[filled++] = ids[i];
                    if (filled == length - 1) {
                        window[0] = BertTokens.CLS;
                        window[length - 1] = BertTokens.SEP;
                        windows.add(window);
                        window = new long[length];
                        filled = 1;
                    }
                }
            }
        }
        return windows;
    }

    private static List<String> texts(Path file) throws IOException {
        return file.getFileName().toString().startsWith(PAIRS)
                ? Pair.read(file).stream().map(Pair::document).toList()
                : Example.read(file).stream().map(Example::text).toList();
    }
}
