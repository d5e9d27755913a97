package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class EvaluationTest {

    private static final List<String> LABELS = List.of("a", "b", "c", "d");

    @Test
    void countsPerLabelAndInAll() {
        Evaluation evaluation = Evaluation.of(LABELS, new int[] {0, 0, 1, 1, 2, 3}, new int[] {0, 1, 1, 1, 3, 3});

        assertThat(evaluation.texts()).isEqualTo(6);
        assertThat(evaluation.accuracy()).isEqualTo(4 / 6.0);
        assertThat(evaluation.perLabel().get(1)).isEqualTo(new Evaluation.OfLabel("b", 2, 2 / 3.0, 1, 4 / 5.0));
        assertThat(evaluation.macroF1()).isCloseTo((2 / 3.0 + 4 / 5.0 + 0 + 2 / 3.0) / 4, within(1e-12));
    }

    @Test
    void leavesLabelsOutThatDoNotOccur() {
        Evaluation evaluation = Evaluation.of(LABELS, new int[] {0, 1}, new int[] {0, 1});

        assertThat(evaluation.macroF1()).isEqualTo(1);
        assertThat(evaluation.perLabel()).hasSize(4);
    }

    @Test
    void countsALabelThatIsGivenToATextOfAnother() {
        assertThat(Evaluation.of(LABELS, new int[] {0, 0}, new int[] {0, 3}).macroF1())
                .isCloseTo((2 / 3.0 + 0) / 2, within(1e-12));
    }
}
