package org.linformer.zoo.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.junit.jupiter.api.Test;

class WordSearchTest {

    private static List<Integer> ranks(List<String> documents, List<String> queries) throws Exception {
        return WordSearch.search(documents, queries, new BM25Similarity()).ranks();
    }

    @Test
    void ranksADocumentBehindThoseThatHaveTheWordsMoreOften() throws Exception {
        List<String> documents = List.of("river bank", "river river river", "mountain lake");

        assertThat(ranks(documents, List.of("river", "river", "lake"))).containsExactly(2, 1, 1);
    }

    @Test
    void ranksADocumentLastThatHasNoWordOfItsQuery() throws Exception {
        assertThat(ranks(List.of("river", "mountain", "lake"), List.of("desert", "river", "the")))
                .containsExactly(3, 3, 3);
    }

    @Test
    void ranksADocumentBehindItsDoubles() throws Exception {
        assertThat(ranks(List.of("river", "river", "lake"), List.of("river", "", "")))
                .containsExactly(2);
    }

    @Test
    void asksNothingForADocumentWithoutAQuery() throws Exception {
        assertThat(ranks(List.of("river", "mountain"), List.of(" ", "mountain")))
                .containsExactly(1);
    }
}
