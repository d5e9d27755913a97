package org.linformer.zoo.data;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import org.linformer.zoo.Sha256;

/** What a text is used for; its id alone decides, so a text that comes or goes moves no other. */
enum Split {
    TRAIN,
    VALIDATION,
    TEST;

    /** Orders ids so that of similar texts the one that is held out stays, and none like it is trained on. */
    static final Comparator<String> HELD_OUT_FIRST =
            Comparator.comparing(Split::of).reversed().thenComparing(Comparator.naturalOrder());

    static Split of(String id) {
        long bucket = Long.parseLong(Sha256.of(id).substring(0, 8), 16) % 10;
        if (bucket < 2) {
            return TEST;
        }
        return bucket == 2 ? VALIDATION : TRAIN;
    }

    Path file(Path folder) {
        return folder.resolve(this + ".jsonl");
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
