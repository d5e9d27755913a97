package org.linformer.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class MailTest {

    @Test
    void decodesQuotedPrintableByItsCharsetAndPrefersThePlainPart() throws IOException {
        String raw = """
                From baker@example.org  Mon Jan  1 10:00:00 2001
                From: baker@example.org
                Subject: =?iso-8859-1?Q?Caf=E9?= opens
                MIME-Version: 1.0
                Content-Type: multipart/alternative; boundary="fence"

                --fence
                Content-Type: text/plain; charset=iso-8859-1
                Content-Transfer-Encoding: quoted-printable

                The caf=E9 opens at eight, and the first=
                 hundred guests eat   for free.
                --fence
                Content-Type: text/html; charset=iso-8859-1

                <p>Only for those who like colours.</p>
                --fence--
                """;

        Mail mail = Mail.parse(raw);

        assertThat(mail)
                .isEqualTo(
                        new Mail("Café opens", "The café opens at eight, and the first hundred guests eat for free."));
    }

    @Test
    void readsTheHtmlPartWhenThePlainOneSaysNextToNothing() throws IOException {
        String raw = """
                Subject: Menu
                Content-Type: multipart/alternative; boundary=fence

                --fence
                Content-Type: text/plain

                See the HTML part.
                --fence
                Content-Type: text/html

                <p>Soup of the day: pumpkin.</p>
                --fence--
                """;

        Mail mail = Mail.parse(raw);

        assertThat(mail.body()).isEqualTo("Soup of the day: pumpkin.");
    }

    @Test
    void turnsHtmlIntoTheLinesThatAReaderSees() throws IOException {
        String raw = """
                Subject: Menu
                Content-Type: text/html

                <html><head><style>p { color: red }</style><script>count()</script></head><body>
                <h1>Today</h1><p>Pump<!-- a trick -->kin <b>s</b>oup<br>Bread
                &amp; butter</p><table><tr><td>Tea</td></tr><tr><td>Milk</td></tr></table>
                </body></html>
                """;

        Mail mail = Mail.parse(raw);

        assertThat(mail.body().lines().filter(line -> !line.isEmpty()))
                .containsExactly("Today", "Pumpkin soup", "Bread & butter", "Tea", "Milk");
    }

    @Test
    void readsHtmlThatIsDeclaredPlainAndKeepsTheLinesAroundIt() throws IOException {
        String raw = """
                Subject: Menu

                Dear guest,
                look here:
                <HTML><BODY bgcolor=white>Soup<br>and
                bread</BODY></HTML>
                --
                The kitchen
                """;

        Mail mail = Mail.parse(raw);

        assertThat(mail.body().lines().filter(line -> !line.isEmpty()))
                .containsExactly("Dear guest,", "look here:", "Soup", "and bread", "--", "The kitchen");
    }

    @Test
    void readsTheMailInsideAMailAndNoAttachment() throws IOException {
        String raw = """
                Subject: Forwarded
                Content-Type: multipart/mixed; boundary=fence

                --fence
                Content-Type: message/rfc822

                Subject: Inner
                Content-Type: text/plain

                What the other one wrote.
                --fence
                Content-Type: image/png
                Content-Transfer-Encoding: base64

                aGlkZGVu
                --fence--
                """;

        Mail mail = Mail.parse(raw);

        assertThat(mail).isEqualTo(new Mail("Forwarded", "What the other one wrote."));
    }

    @Test
    void takesASpaceForBytesThatWereLostAndForACharsetThatNobodyKnows() throws IOException {
        String raw = """
                Subject: Lost\uFFFD\uFFFDbytes
                Content-Type: text/plain; charset=klingon
                Content-Transfer-Encoding: quoted-printable

                Half of =E9\uFFFDthis is gone.
                """;

        Mail mail = Mail.parse(raw);

        assertThat(mail).isEqualTo(new Mail("Lost bytes", "Half of this is gone."));
    }

    @Test
    void hasNoSubjectWhereThereIsNone() throws IOException {
        Mail mail = Mail.parse("To: guest@example.org\n\nCome in.\n");

        assertThat(mail.text()).isEqualTo("\n\nCome in.");
    }
}
