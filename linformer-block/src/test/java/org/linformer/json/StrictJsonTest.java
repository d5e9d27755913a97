package org.linformer.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrictJsonTest {

    sealed interface Animal permits Cat.Config, Dog.Config {}

    static final class Cat {
        record Config(int lives) implements Animal {
            public Config {
                if (lives > 9) {
                    throw new IllegalArgumentException("lives must be at most 9, but is " + lives);
                }
            }
        }
    }

    static final class Dog {
        enum Size {
            SMALL,
            LARGE
        }

        record Config(Size size) implements Animal {}
    }

    record Owner(String name, Animal animal) {}

    @Test
    void readsWhatItWrote() {
        Owner owner = new Owner("Ann", new Dog.Config(Dog.Size.LARGE));

        assertThat(StrictJson.read(StrictJson.write(owner), Owner.class)).isEqualTo(owner);
    }

    record Recipe(int rank, long seed, boolean frozen, List<Integer> k) {}

    @Test
    void readsWholeNumbersInAnyForm() {
        assertThat(StrictJson.read(
                        "{\"rank\": 1e2, \"seed\": 5000000000, \"frozen\": false, \"k\": [8, 16.0]}", Recipe.class))
                .isEqualTo(new Recipe(100, 5_000_000_000L, false, List.of(8, 16)));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "0.5, 1, true, [1] | rank must be a whole number from -2147483648 to 2147483647, but is 0.5",
                "5000000000, 1, true, [1] | rank must be a whole number from -2147483648 to 2147483647, but is 5000000000",
                "1, '2', true, [1] | seed must be a whole number from -9223372036854775808 to 9223372036854775807, but is \"2\"",
                "1, 2.5, true, [1] | seed must be a whole number from -9223372036854775808 to 9223372036854775807, but is 2.5",
                "1, 1, 'yes', [1] | frozen must be true or false, but is \"yes\"",
                "1, 1, true, [1, null] | k must hold no null, but is [1,null]",
                "1, 1, true, [1, 256.7] | k must be a whole number from -2147483648 to 2147483647, but is 256.7",
            })
    void refusesNumbersAndTruthValuesThatAreNone(String values, String message) {
        String[] parts = values.replace('\'', '"').split(", ", 4);
        String json = "{\"rank\": %s, \"seed\": %s, \"frozen\": %s, \"k\": %s}"
                .formatted(parts[0], parts[1], parts[2], parts[3]);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StrictJson.read(json, Recipe.class))
                .withMessage(message);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "{'name': 'Ann'} | Owner must have the key animal, but has only [name]",
                "{'name': 'Ann', 'animal': null} | Owner must have the key animal, but has only [name, animal]",
                "{'name': 'Ann', 'animal': {'type': 'Cow'}} | type of Animal must be one of [Cat, Dog], but is \"Cow\"",
                "{'name': 'Ann', 'animal': {'lives': 3}} | type of Animal must be one of [Cat, Dog], but is null",
                "{'name': 'Ann', 'animal': {'type': 'Cat', 'lives': 10}} | lives must be at most 9, but is 10",
                "{'name': 'Ann', 'animal': {'type': 'Dog', 'size': 'BIG'}} | size must be one of [SMALL, LARGE], but is \"BIG\"",
                "{'name': 'Ann', 'animal': {'type': 'Cat', 'lives': 3}, 'age': 5} | key of Owner must be one of [animal, name], but is age",
                "{'name': 'Ann', 'animal': {'type': 'Cat', 'lives': 3, 'lives': 9}} | key $.animal.lives must stand once, but stands twice",
                "[1] | Owner must be a JSON object, but is [1]",
            })
    void refusesWithTheKeyTheRuleAndTheValue(String json, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StrictJson.read(json.replace('\'', '"'), Owner.class))
                .withMessage(message);
    }
}
