package org.linformer.zoo.train;

import java.nio.file.Path;
import java.util.Arrays;
import org.linformer.zoo.TextTokenizer;

/** Ids of BERT's vocabulary (Devlin et al. 2018, https://arxiv.org/abs/1810.04805) that trainings write. */
final class BertTokens {

    static final long CLS = 101;
    static final long SEP = 102;
    static final long MASK = 103;

    /** The first id that is neither special nor unused. */
    static final int FIRST_WORD = 999;

    private BertTokens() {}

    /** Refuses a tokenizer that does not put [CLS] and [SEP] around a text: [MASK] would be some other token. */
    static void require(Path file, TextTokenizer tokenizer) {
        long[] ids = tokenizer.tokenize("").ids();
        long[] wanted = {CLS, SEP};
        if (!Arrays.equals(ids, wanted)) {
            throw new IllegalArgumentException("%s must tokenize no text to [CLS] and [SEP] of BERT, %s, but does to %s"
                    .formatted(file, Arrays.toString(wanted), Arrays.toString(ids)));
        }
    }
}
