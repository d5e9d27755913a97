package org.linformer.zoo.data;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.james.mime4j.dom.Body;
import org.apache.james.mime4j.dom.Entity;
import org.apache.james.mime4j.dom.Message;
import org.apache.james.mime4j.dom.Multipart;
import org.apache.james.mime4j.dom.TextBody;
import org.apache.james.mime4j.message.DefaultMessageBuilder;
import org.apache.james.mime4j.stream.MimeConfig;
import org.jsoup.Jsoup;

/**
 * What a reader sees of a mail: no other header, no markup, no attachment that is not text.
 *
 * @param subject the subject, in one line
 * @param body the text, without runs of spaces and empty lines
 */
record Mail(String subject, String body) {

    /** A shorter plain part beside HTML only says that the reader needs HTML. */
    private static final int MIN_PLAIN_LENGTH = 40;

    private static final Pattern MBOX_LINE = Pattern.compile("\\AFrom .*\\R");

    /** HTML that its sender did not declare; a list may have put plain lines around it. */
    private static final Pattern UNDECLARED_HTML =
            Pattern.compile("(?is)<(html|body|table|font)\\b[^>]*>(?:.*</\\1\\s*>|.*)");

    /** Parses a raw message (RFC 822), with or without the line that an mbox file puts before it. */
    static Mail parse(String raw) throws IOException {
        DefaultMessageBuilder builder = new DefaultMessageBuilder();
        builder.setMimeEntityConfig(MimeConfig.PERMISSIVE);
        String mail = MBOX_LINE.matcher(raw).replaceFirst("").replace('\uFFFD', ' ');
        Message message = builder.parseMessage(new ByteArrayInputStream(mail.getBytes(StandardCharsets.UTF_8)));
        StringBuilder plain = new StringBuilder();
        StringBuilder html = new StringBuilder();
        collect(message, plain, html);
        String body = PlainText.squeeze(plain.toString());
        if (body.length() < MIN_PLAIN_LENGTH && !html.isEmpty()) {
            body = PlainText.squeeze(html.toString());
        }
        String subject = message.getSubject();
        return new Mail(subject == null ? "" : PlainText.squeeze(subject).replace('\n', ' '), body);
    }

    String text() {
        return subject + "\n\n" + body;
    }

    private static void collect(Entity entity, StringBuilder plain, StringBuilder html) throws IOException {
        Body body = entity.getBody();
        if (body instanceof Multipart multipart) {
            for (Entity part : multipart.getBodyParts()) {
                collect(part, plain, html);
            }
        } else if (body instanceof Message message) {
            collect(message, plain, html);
        } else if (body instanceof TextBody text) {
            switch (entity.getMimeType()) {
                case "text/plain" ->
                    plain.append(UNDECLARED_HTML
                                    .matcher(decode(text))
                                    .replaceAll(found ->
                                            Matcher.quoteReplacement(PlainText.of(Jsoup.parse(found.group())))))
                            .append('\n');
                case "text/html" ->
                    html.append(PlainText.of(Jsoup.parse(decode(text)))).append('\n');
                default -> {}
            }
        }
    }

    private static String decode(TextBody text) throws IOException {
        try (Reader reader = text.getReader()) {
            StringWriter decoded = new StringWriter();
            reader.transferTo(decoded);
            return decoded.toString();
        }
    }
}
