package org.linformer.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.linformer.zoo.train.Schedule.Decay;

class ScheduleTest {

    @ParameterizedTest
    @EnumSource(Decay.class)
    void risesToThePeakInALine(Decay decay) {
        Schedule schedule = new Schedule(0.1f, decay, 0);

        assertThat(schedule.share(1, 100)).isEqualTo(0.1f);
        assertThat(schedule.share(5, 100)).isEqualTo(0.5f);
        assertThat(schedule.share(10, 100)).isEqualTo(1);
        assertThat(new Schedule(0, decay, 0).share(1, 100)).isEqualTo(1);
    }

    @Test
    void fallsInALineOrAsTheCosine() {
        Schedule line = new Schedule(0.1f, Decay.LINEAR, 0);
        Schedule cosine = new Schedule(0.1f, Decay.COSINE, 0);

        assertThat(line.share(55, 100)).isCloseTo(46 / 91f, within(1e-6f));
        assertThat(line.share(100, 100)).isCloseTo(1 / 91f, within(1e-6f));
        assertThat(cosine.share(55, 100)).isCloseTo((float) (1 + Math.cos(Math.PI * 45 / 91)) / 2, within(1e-6f));
        assertThat(cosine.share(30, 100)).isGreaterThan(line.share(30, 100));
        assertThat(cosine.share(80, 100)).isLessThan(line.share(80, 100));
        assertThat(cosine.share(100, 100)).isBetween(0f, 0.001f);
    }

    @ParameterizedTest(name = "step {1} of 100, the best at {2}, with a patience of {0}: {3}")
    @CsvSource({
        "0, 99, 10, false",
        "0, 100, 10, true",
        "2, 0, 0, false",
        "2, 20, 10, false",
        "2, 29, 10, false",
        "2, 30, 10, true",
        "2, 35, 10, true",
        "2, 100, 100, true",
    })
    void endsAfterSoManyChecksThatWereNoBetter(int patience, int step, int bestAt, boolean isOver) {
        Checkpoint at = new Checkpoint("", step, bestAt, 0.5, 0, 0);

        assertThat(new Schedule(0, Decay.LINEAR, patience).isOver(at, 100, 10)).isEqualTo(isOver);
    }

    @Test
    void refusesWhatIsNoSchedule() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Schedule(1, Decay.LINEAR, 0))
                .withMessage("warmup must be in [0, 1), but is 1.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Schedule(0, Decay.COSINE, -1))
                .withMessage("patience must not be negative, but is -1");
    }
}
