package org.linformer.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EveryVariantIsTestedTest {

    static Class<?>[] variants() {
        return Arrays.stream(AttentionConfig.class.getPermittedSubclasses())
                .map(Class::getEnclosingClass)
                .toArray(Class<?>[]::new);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("variants")
    void hasATestThatExtendsTheContract(Class<?> variant) throws ClassNotFoundException {
        assertThat(AttentionContract.class).isAssignableFrom(Class.forName(variant.getName() + "Test"));
    }
}
