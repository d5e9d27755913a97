package org.linformer.json;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.TypeAdapterFactory;
import com.google.gson.reflect.TypeToken;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes records as JSON without defaults: a missing key, an unknown key, a key that stands twice and a null
 * are errors that name the key. A sealed interface is read through its key {@code type}: the simple name of the record,
 * or of the class that a record {@code Config} is nested in: {@code "LinformerAttention"} is {@code
 * LinformerAttention.Config}.
 */
public final class StrictJson {

    private static final Gson GSON = new GsonBuilder()
            .registerTypeAdapterFactory(new StrictRecords())
            .setPrettyPrinting()
            .disableHtmlEscaping()
            .create();

    private StrictJson() {}

    /**
     * Reads a record or a sealed interface of records.
     *
     * @param <T> what is read
     * @param json the text
     * @param type what is read
     * @return the record
     * @throws IllegalArgumentException if the text is no such record, or the record refuses a value
     */
    public static <T> T read(String json, Class<T> type) {
        T value;
        try {
            value = GSON.fromJson(json, type);
            if (value != null) {
                JsonReader again = new JsonReader(new StringReader(json));
                again.setStrictness(Strictness.LENIENT);
                requireKeysOnce(again);
            }
        } catch (RuntimeException | IOException e) {
            // Gson wraps what a record's constructor throws
            throw new IllegalArgumentException(reason(e), e);
        }
        if (value == null) {
            throw new IllegalArgumentException("%s must be a JSON object, but is empty".formatted(name(type)));
        }
        return value;
    }

    /**
     * Reads a file.
     *
     * @param <T> what is read
     * @param file the file
     * @param type what is read
     * @return the record
     * @throws IOException if the file cannot be read
     * @throws IllegalArgumentException if it is no such record; the message names file, key and rule
     */
    public static <T> T read(Path file, Class<T> type) throws IOException {
        try {
            return read(Files.readString(file), type);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("%s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * Writes a record.
     *
     * @param value the record
     * @return its JSON, with a line for each key
     */
    public static String write(Object value) {
        return GSON.toJson(value);
    }

    /** Gson lets the last of two equal keys win. */
    private static void requireKeysOnce(JsonReader in) throws IOException {
        switch (in.peek()) {
            case BEGIN_OBJECT -> {
                Set<String> keys = new TreeSet<>();
                in.beginObject();
                while (in.hasNext()) {
                    String key = in.nextName();
                    if (!keys.add(key)) {
                        throw new JsonParseException(
                                "key %s must stand once, but stands twice".formatted(in.getPath()));
                    }
                    requireKeysOnce(in);
                }
                in.endObject();
            }
            case BEGIN_ARRAY -> {
                in.beginArray();
                while (in.hasNext()) {
                    requireKeysOnce(in);
                }
                in.endArray();
            }
            default -> in.skipValue();
        }
    }

    /** The innermost message that somebody wrote for a reader: the record's own check, if it was the one to refuse. */
    private static String reason(Throwable e) {
        String message = String.valueOf(e.getMessage());
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof IllegalArgumentException || cause instanceof IOException) {
                message = String.valueOf(cause.getMessage());
            }
        }
        return message;
    }

    private static String name(Class<?> type) {
        Class<?> enclosing = type.getEnclosingClass();
        boolean isConfigOf = enclosing != null && type.getSimpleName().equals("Config");
        return isConfigOf ? enclosing.getSimpleName() : type.getSimpleName();
    }

    private static final class StrictRecords implements TypeAdapterFactory {

        @Override
        public <T> @Nullable TypeAdapter<T> create(Gson gson, TypeToken<T> token) {
            Class<? super T> type = token.getRawType();
            if (type.isSealed()) {
                return new Sealed<>(gson, type);
            }
            Class<?> sealed = Arrays.stream(type.getInterfaces())
                    .filter(Class::isSealed)
                    .findFirst()
                    .orElse(null);
            return type.isRecord() ? new Strict<>(gson, gson.getDelegateAdapter(this, token), type, sealed) : null;
        }
    }

    private static final class Strict<T> extends TypeAdapter<T> {

        private final Gson gson;
        private final TypeAdapter<T> delegate;
        private final Class<? super T> type;
        private final @Nullable Class<?> sealed;

        Strict(Gson gson, TypeAdapter<T> delegate, Class<? super T> type, @Nullable Class<?> sealed) {
            this.gson = gson;
            this.delegate = delegate;
            this.type = type;
            this.sealed = sealed;
        }

        @Override
        public void write(JsonWriter out, T value) throws IOException {
            JsonObject object = new JsonObject();
            if (sealed != null) {
                object.addProperty("type", name(type));
            }
            delegate.toJsonTree(value).getAsJsonObject().asMap().forEach(object::add);
            gson.toJson(object, out);
        }

        @Override
        public T read(JsonReader in) throws IOException {
            JsonElement json = gson.fromJson(in, JsonElement.class);
            if (json == null || !json.isJsonObject()) {
                throw new JsonParseException("%s must be a JSON object, but is %s".formatted(name(type), json));
            }
            JsonObject object = json.getAsJsonObject();
            Set<String> known = new TreeSet<>();
            for (RecordComponent component : type.getRecordComponents()) {
                known.add(component.getName());
                JsonElement value = object.get(component.getName());
                if (value == null || value.isJsonNull()) {
                    throw new JsonParseException("%s must have the key %s, but has only %s"
                            .formatted(name(type), component.getName(), object.keySet()));
                }
                requireConstant(component, value);
                requireExact(component, value);
            }
            for (String key : object.keySet()) {
                if (!known.contains(key) && !(sealed != null && key.equals("type"))) {
                    throw new JsonParseException(
                            "key of %s must be one of %s, but is %s".formatted(name(type), known, key));
                }
            }
            return delegate.fromJsonTree(object);
        }

        /** Gson cuts a number to what an int or long holds, reads any word but true as false, and leaves a null in a list. */
        private static void requireExact(RecordComponent component, JsonElement value) {
            String kind = component.getGenericType().getTypeName();
            if (value.isJsonArray() && value.getAsJsonArray().contains(JsonNull.INSTANCE)) {
                throw new JsonParseException("%s must hold no null, but is %s".formatted(component.getName(), value));
            }
            boolean isList = kind.equals("java.util.List<java.lang.Integer>") && value.isJsonArray();
            for (JsonElement one : isList ? value.getAsJsonArray() : List.of(value)) {
                if (isList || kind.equals("int")) {
                    requireWhole(component, one, Integer.MIN_VALUE, Integer.MAX_VALUE);
                } else if (kind.equals("long")) {
                    requireWhole(component, one, Long.MIN_VALUE, Long.MAX_VALUE);
                } else if (kind.equals("boolean") && !(one instanceof JsonPrimitive truth && truth.isBoolean())) {
                    throw new JsonParseException(
                            "%s must be true or false, but is %s".formatted(component.getName(), one));
                }
            }
        }

        private static void requireWhole(RecordComponent component, JsonElement value, long least, long most) {
            boolean isWhole = false;
            if (value instanceof JsonPrimitive number && number.isNumber()) {
                BigDecimal exact = number.getAsBigDecimal();
                isWhole = exact.stripTrailingZeros().scale() <= 0
                        && exact.compareTo(BigDecimal.valueOf(least)) >= 0
                        && exact.compareTo(BigDecimal.valueOf(most)) <= 0;
            }
            if (!isWhole) {
                throw new JsonParseException("%s must be a whole number from %d to %d, but is %s"
                        .formatted(component.getName(), least, most, value));
            }
        }

        /** Gson reads an unknown enum constant as null. */
        private static void requireConstant(RecordComponent component, JsonElement value) {
            if (component.getType().isEnum()) {
                List<String> names = Arrays.stream(component.getType().getEnumConstants())
                        .map(constant -> ((Enum<?>) constant).name())
                        .toList();
                if (!value.isJsonPrimitive() || !names.contains(value.getAsString())) {
                    throw new JsonParseException(
                            "%s must be one of %s, but is %s".formatted(component.getName(), names, value));
                }
            }
        }
    }

    private static final class Sealed<T> extends TypeAdapter<T> {

        private final Gson gson;
        private final Class<? super T> type;

        Sealed(Gson gson, Class<? super T> type) {
            this.gson = gson;
            this.type = type;
        }

        @Override
        public void write(JsonWriter out, T value) {
            gson.toJson(value, value.getClass(), out);
        }

        @Override
        public T read(JsonReader in) {
            JsonElement json = gson.fromJson(in, JsonElement.class);
            JsonElement wanted =
                    json != null && json.isJsonObject() ? json.getAsJsonObject().get("type") : null;
            Class<?>[] permitted = type.getPermittedSubclasses();
            for (Class<?> candidate : permitted) {
                if (wanted != null
                        && wanted.isJsonPrimitive()
                        && name(candidate).equals(wanted.getAsString())) {
                    @SuppressWarnings("unchecked")
                    T value = (T) gson.fromJson(json, candidate);
                    return value;
                }
            }
            throw new JsonParseException("type of %s must be one of %s, but is %s"
                    .formatted(
                            type.getSimpleName(),
                            Arrays.stream(permitted).map(StrictJson::name).toList(),
                            wanted));
        }
    }
}
