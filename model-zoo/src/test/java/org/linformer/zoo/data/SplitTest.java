package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SplitTest {

    /** Computed with Python's hashlib. */
    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource({
        "bread/00002, TEST",
        "bread/00009, TEST",
        "bread/00006, VALIDATION",
        "bread/00017, TRAIN",
        "bread/00012, TRAIN"
    })
    void dependsOnTheHashOfTheIdAlone(String id, Split split) {
        assertThat(Split.of(id)).isEqualTo(split);
    }

    @Test
    void namesItsFile() {
        assertThat(Split.VALIDATION.file(Path.of("folder"))).isEqualTo(Path.of("folder", "validation.jsonl"));
    }

    @Test
    void ordersWhatIsHeldOutFirst() {
        assertThat(Stream.of("bread/00012", "bread/00006", "bread/00009", "bread/00017", "bread/00002")
                        .sorted(Split.HELD_OUT_FIRST))
                .containsExactly("bread/00002", "bread/00009", "bread/00006", "bread/00012", "bread/00017");
    }
}
