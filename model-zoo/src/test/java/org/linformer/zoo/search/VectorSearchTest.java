package org.linformer.zoo.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class VectorSearchTest {

    private static final float[] NORTH = {0, 1};
    private static final float[] EAST = {1, 0};
    private static final float[] NORTH_EAST = {0.6f, 0.8f};

    @Test
    void ranksByCosine() {
        List<float[]> documents = List.of(EAST, NORTH_EAST, NORTH);

        assertThat(VectorSearch.ranks(List.of(NORTH, NORTH, NORTH), List.of(NORTH, NORTH_EAST, EAST), documents))
                .containsExactly(1, 2, 3);
    }

    @Test
    void findsADocumentLastOfThoseThatAreLikeIt() {
        List<float[]> same = List.of(NORTH.clone(), NORTH.clone(), NORTH.clone());

        assertThat(VectorSearch.ranks(List.of(NORTH), same.subList(1, 2), same)).containsExactly(3);
    }

    @Test
    void findsADocumentLastWhereVectorsAreNoNumbers() {
        float[] nothing = {Float.NaN, Float.NaN};

        assertThat(VectorSearch.ranks(
                        List.of(NORTH, nothing), List.of(nothing, NORTH), List.of(nothing, NORTH, NORTH_EAST)))
                .containsExactly(3, 3);
    }
}
