package org.linformer.zoo.cli;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.linformer.zoo.TextModel;
import org.linformer.zoo.TextTooLongException;
import org.linformer.zoo.TokenizedText;
import org.linformer.zoo.Truncation;
import org.linformer.zoo.cli.InputTexts.InputText;

/**
 * One run over texts: all are checked before the first is answered, and those that the file has answers to are not
 * answered again. The answers have the order of the texts.
 */
final class Answering<A> {

    private static final double SECONDS_BETWEEN_LINES = 10;

    /** Batches whose texts are sorted by length and written together: the more, the less padding. */
    private static final int BATCHES_IN_A_WINDOW = 16;

    private final TextModel<A> model;
    private final BiConsumer<JsonObject, A> put;
    private final InputTexts inputs;
    private final Truncation truncation;
    private final int batchTokens;
    private final AnswerFile file;

    private int texts;
    private long tokens;
    private int textsDone;
    private long tokensDone;
    private long told = System.nanoTime();

    /** A text as the model reads it. */
    private record Question(String id, TokenizedText text) {

        JsonObject tokens() {
            JsonObject tokens = new JsonObject();
            tokens.addProperty("read", text.read());
            tokens.addProperty("total", text.total());
            tokens.addProperty("truncated", text.truncated());
            return tokens;
        }
    }

    Answering(
            TextModel<A> model,
            BiConsumer<JsonObject, A> put,
            InputTexts inputs,
            Truncation truncation,
            int batchTokens,
            AnswerFile file) {
        this.model = model;
        this.put = put;
        this.inputs = inputs;
        this.truncation = truncation;
        this.batchTokens = batchTokens;
        this.file = file;
    }

    void run() throws IOException {
        Question last = check();
        if (last != null) {
            file.requireLast(answer(List.of(last)).get(0));
            System.err.printf("goes on after text %,d of %,d%n", textsDone, texts);
        }
        answerRest();
        System.err.printf("%,d texts, %,d tokens%n", texts, tokens);
    }

    /** Reads and tokenizes all texts; returns the last one that the file has an answer to. */
    private @Nullable Question check() throws IOException {
        List<Question> answered = new ArrayList<>();
        inputs.forEach(text -> {
            Question question = question(text);
            texts++;
            tokens += question.text().read();
            if (file.hasAnswerTo(question.id(), question.tokens())) {
                textsDone++;
                tokensDone += question.text().read();
                answered.clear();
                answered.add(question);
            }
            if (isTimeToTell()) {
                System.err.printf("%,d texts checked%n", texts);
            }
        });
        if (texts == 0) {
            throw new IllegalArgumentException("inputs must hold a text, but hold none");
        }
        return answered.isEmpty() ? null : answered.get(0);
    }

    private Question question(InputText text) {
        try {
            return new Question(text.id(), model.tokenize(text.text(), truncation));
        } catch (TextTooLongException e) {
            throw new IllegalArgumentException(
                    "%s: text must be at most %d tokens, but is %d. Shorten it, or take --truncate end"
                            .formatted(text.place(), e.maxTokens(), e.tokens()),
                    e);
        }
    }

    private void answerRest() throws IOException {
        Window window = new Window(textsDone);
        inputs.forEach(window::read);
        window.write();
    }

    private List<JsonObject> answer(List<Question> batch) {
        List<A> answers = model.answer(batch.stream().map(Question::text).toList(), batchTokens);
        List<JsonObject> lines = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            JsonObject line = new JsonObject();
            line.addProperty("id", batch.get(i).id());
            put.accept(line, answers.get(i));
            line.add("tokens", batch.get(i).tokens());
            lines.add(line);
        }
        return lines;
    }

    private boolean isTimeToTell() {
        boolean isTime = (System.nanoTime() - told) / 1e9 >= SECONDS_BETWEEN_LINES;
        if (isTime) {
            told = System.nanoTime();
        }
        return isTime;
    }

    /** Texts that are sorted by length, answered and written together. */
    private final class Window {

        private final List<Question> questions = new ArrayList<>();
        private final long start = System.nanoTime();
        private final long tokensBefore = tokensDone;
        private int toSkip;
        private long tokensWaiting;

        Window(int toSkip) {
            this.toSkip = toSkip;
        }

        void read(InputText text) throws IOException {
            if (toSkip > 0) {
                toSkip--;
                return;
            }
            Question question = question(text);
            questions.add(question);
            tokensWaiting += question.text().read();
            if (tokensWaiting >= (long) BATCHES_IN_A_WINDOW * batchTokens) {
                write();
            }
        }

        void write() throws IOException {
            JsonObject[] lines = new JsonObject[questions.size()];
            List<TokenizedText> tokenized =
                    questions.stream().map(Question::text).toList();
            for (List<Integer> batch : TokenizedText.byLength(tokenized, batchTokens)) {
                List<JsonObject> some =
                        answer(batch.stream().map(questions::get).toList());
                for (int i = 0; i < batch.size(); i++) {
                    lines[batch.get(i)] = some.get(i);
                    tokensDone += tokenized.get(batch.get(i)).read();
                }
                textsDone += batch.size();
                tell();
            }
            file.append(Arrays.asList(lines));
            questions.clear();
            tokensWaiting = 0;
        }

        private void tell() {
            if (isTimeToTell()) {
                double perSecond = (tokensDone - tokensBefore) / ((System.nanoTime() - start) / 1e9);
                System.err.printf(
                        "%,d of %,d texts, %,.0f tokens/s, %.0f min left%n",
                        textsDone, texts, perSecond, (tokens - tokensDone) / perSecond / 60);
            }
        }
    }
}
