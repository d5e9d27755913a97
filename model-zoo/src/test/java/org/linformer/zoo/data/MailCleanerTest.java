package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MailCleanerTest {

    private static String cleanBody(String body) {
        return MailCleaner.clean(new Mail("", body));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"Re: [Bread] Rye", "[Bread] Re[2]: Fwd: Rye", "FW: Rye", "Rye"})
    void takesListMarksAndRepliesOffTheSubject(String subject) {
        assertThat(MailCleaner.clean(new Mail(subject, "How long does it rise?")))
                .isEqualTo("Rye\n\nHow long does it rise?");
    }

    @Test
    void leavesBracketsInsideTheSubject() {
        assertThat(MailCleaner.clean(new Mail("Rye [no yeast] bread", "Yes.")))
                .isEqualTo("Rye [no yeast] bread\n\nYes.");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "_______________________________________________\nBread-talk, all about flour",
                "--\nJane Miller, baker",
                "-------------------------------------------------------\nThis talk is sponsored by a mill",
                "-------------------------------------------------------\n\nTo unsubscribe write to the miller",
            })
    void cutsTheBodyAtTheFooterOrTheSignature(String end) {
        assertThat(cleanBody("Rye wants time.\n" + end + "\nand more")).isEqualTo("Rye wants time.");
    }

    @Test
    void keepsWhatFollowsALineOfDashesThatIsNoFooter() {
        String body = "Recipe\n-------------------------\nFlour and water";

        assertThat(cleanBody(body)).isEqualTo(body);
    }

    @Test
    void removesTheSponsorBlockOfYahooGroups() {
        String body = """
                Rye wants time.
                ------------------------ Yahoo! Groups Sponsor ---------------------~-->
                Buy an oven
                ---------------------------------------------------------------------~->
                So does wheat.""";

        assertThat(cleanBody(body)).isEqualTo("Rye wants time.\n\nSo does wheat.");
    }

    @Test
    void removesQuotesAndTheLinesThatLeadToThem() {
        String body = """
                On Monday, Jane Miller wrote:
                > Rye wants time.
                On Tuesday, at the end of a long day, Tom Field of the other mill
                wrote:
                | So does wheat.
                Jane said:
                How much time?""";

        assertThat(cleanBody(body)).isEqualTo("How much time?");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            value = {
                "see http://mill.example.org/rye?x=1 today; see URL today",
                "see www.mill.example now; see URL now",
                "ask jane.miller@mill.example.org first; ask ADDR first",
                "the host mill.example.co.uk is down; the host HOST is down",
                "read config.txt e.g. twice; read config.txt e.g. twice",
                "baked since 1998 and 2002, not 1899; baked since YEAR and YEAR, not 1899",
                "the Razor mailing list and zzzz-bread; the and -bread",
                "forked roads and razors; forked roads and razors",
            })
    void namesNoPlaceAndNoYear(String body, String clean) {
        assertThat(cleanBody(body)).isEqualTo(clean);
    }

    @Test
    void removesTheLinesOfNewsFeeds() {
        assertThat(cleanBody("URL: http://mill.example.org/1\nDate: 2002-09-30\n\nRye is back"))
                .isEqualTo("Rye is back");
    }
}
