package org.linformer.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

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
                "[1] | Owner must be a JSON object, but is [1]",
            })
    void refusesWithTheKeyTheRuleAndTheValue(String json, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StrictJson.read(json.replace('\'', '"'), Owner.class))
                .withMessage(message);
    }
}
