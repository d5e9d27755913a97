package org.linformer.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.modality.Classifications;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Descriptions written for this test, of sections that are easy to tell. */
class DebianTopicTest {

    private static TextModel<Classifications> model;

    @BeforeAll
    static void load() throws Exception {
        model = new TextModel<>("debian-topic", Classifications.class);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            perl | Perl module that parses dates. It offers an object with methods for years, months and days, and is used as Date::Some.
            games | A puzzle in which the player pushes boxes through a maze; it has two hundred levels and keeps a list of high scores.
            mail | A server for IMAP and POP3 that delivers messages into maildirs and filters spam before they come to the inbox.
            sound | A recorder for many audio tracks with effects, MIDI instruments and a mixer.
            python | Python 3 library for retrying function calls. This package installs the module for Python 3.
            """)
    void putsADescriptionIntoItsSection(String section, String description) {
        Classifications labels = model.answer(
                        List.of(model.tokenize(description, Truncation.NONE)), TextModel.BATCH_TOKENS)
                .get(0);

        assertThat(labels.best().getClassName()).isEqualTo(section);
        assertThat(labels.best().getProbability()).isGreaterThan(0.5);
    }
}
