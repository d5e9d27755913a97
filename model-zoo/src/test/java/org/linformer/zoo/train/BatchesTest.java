package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.linformer.zoo.TokenizedText;

class BatchesTest {

    @Test
    void readsEachTextOnceAnEpochAndSuchOfLikeLengthTogether() {
        Random random = new Random(5);
        List<LabelledText> all = IntStream.range(0, 1003)
                .mapToObj(i -> new LabelledText(new TokenizedText(new long[1 + random.nextInt(500)], 500), i))
                .toList();
        int perEpoch = Batches.perEpoch(all.size(), 8);

        for (int epoch = 0; epoch < 2; epoch++) {
            List<LabelledText> read = new ArrayList<>();
            for (int step = 1; step <= perEpoch; step++) {
                List<LabelledText> texts = Batches.ofStepAlike(all, 8, 17, epoch * perEpoch + step);
                int[] lengths = texts.stream()
                        .mapToInt(text -> text.text().read())
                        .sorted()
                        .toArray();
                assertThat(lengths[lengths.length - 1] - lengths[0]).isLessThan(100);
                read.addAll(texts);
            }
            assertThat(read).containsExactlyInAnyOrderElementsOf(all);
        }
        assertThat(Batches.ofStepAlike(all, 8, 17, 1))
                .isEqualTo(Batches.ofStepAlike(all, 8, 17, 1))
                .isNotEqualTo(Batches.ofStepAlike(all, 8, 17, 1 + perEpoch));
    }

    @Test
    void readsEachDocumentOnceAnEpochInAnOrderOfItsOwn() {
        List<Integer> all = IntStream.range(0, 1003).boxed().toList();
        int perEpoch = Batches.perEpoch(all.size(), 8);

        for (int epoch = 0; epoch < 2; epoch++) {
            List<Integer> read = new ArrayList<>();
            for (int step = 1; step <= perEpoch; step++) {
                read.addAll(Batches.ofStep(all, 8, 17, epoch * perEpoch + step));
            }
            assertThat(read).containsExactlyInAnyOrderElementsOf(all);
        }
        assertThat(Batches.ofStep(all, 8, 17, 1))
                .isEqualTo(Batches.ofStep(all, 8, 17, 1))
                .isNotEqualTo(Batches.ofStep(all, 8, 17, 1 + perEpoch));
    }
}
