package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.ssl.SslProperties;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.util.unit.DataSize;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The table of settings in docker/README.md, beside ours, application.yaml, and what Spring Boot tells of its own. */
class SettingsTableTest {

    private static final Map<String, String> TYPES = new HashMap<>();
    private static final Map<String, String> DEFAULTS = new HashMap<>();

    record Row(String setting, String variable, String byDefault, String unit, String meaning) {}

    @BeforeAll
    static void readWhatSettingsThereAre() throws IOException {
        JsonMapper json = new JsonMapper();
        for (URL url : Collections.list(
                SettingsTableTest.class.getClassLoader().getResources("META-INF/spring-configuration-metadata.json"))) {
            for (JsonNode property : json.readTree(url.openStream()).get("properties")) {
                if (!property.has("deprecation")) {
                    String name = property.get("name").asString();
                    TYPES.put(name, property.path("type").asString(""));
                    DEFAULTS.put(name, text(property.path("defaultValue")));
                }
            }
        }
        addOurs("serving.", ServingProperties.class);
        TYPES.remove("serving.limits");
        addOurs("serving.limits.NAME.", ModelLimits.class);
        EnumerablePropertySource<?> yaml = (EnumerablePropertySource<?>) new YamlPropertySourceLoader()
                .load("application.yaml", new ClassPathResource("application.yaml"))
                .get(0);
        for (String name : yaml.getPropertyNames()) {
            DEFAULTS.put(name, String.valueOf(yaml.getProperty(name)));
        }
    }

    private static String text(JsonNode value) {
        return value.isArray()
                ? value.valueStream().map(JsonNode::asString).collect(Collectors.joining(", "))
                : value.asString("");
    }

    private static void addOurs(String prefix, Class<?> settings) {
        for (RecordComponent component : settings.getRecordComponents()) {
            TYPES.put(
                    prefix + DataObjectPropertyName.toDashedForm(component.getName()),
                    component.getType().getName());
        }
    }

    static List<Row> rows() {
        try (Stream<String> lines = Files.lines(Path.of("../docker/README.md"))) {
            return lines.dropWhile(line -> !line.startsWith("| setting |"))
                    .takeWhile(line -> line.startsWith("|"))
                    .skip(2)
                    .map(line -> Arrays.stream(line.substring(1).split("\\|"))
                            .map(cell -> cell.strip().replace("`", ""))
                            .toList())
                    .map(cells -> new Row(cells.get(0), cells.get(1), cells.get(2), cells.get(3), cells.get(4)))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void hasALineForEachOfOurs() {
        assertThat(rows())
                .extracting(Row::setting)
                .doesNotHaveDuplicates()
                .containsAll(TYPES.keySet().stream()
                        .filter(name -> name.startsWith("serving."))
                        .toList());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void namesASettingWithItsDefaultAndUnit(Row row) {
        String type = type(row.setting());

        assertThat(type).as("such a setting").isNotNull();
        assertThat(row.byDefault()).as("default").isEqualTo(DEFAULTS.getOrDefault(row.setting(), ""));
        assertThat(row.unit()).as("unit").isNotEmpty();
        if (!type.isEmpty()) {
            assertThat(row.unit().equals("time")).isEqualTo(type.equals(Duration.class.getName()));
            assertThat(row.unit().equals("size")).isEqualTo(type.equals(DataSize.class.getName()));
            assertThat(row.unit().equals("true or false"))
                    .isEqualTo(type.toLowerCase(Locale.ROOT).endsWith("boolean"));
        }
        assertThat(row.meaning()).as("meaning").isNotEmpty();
    }

    /** Returns the type of a setting, empty if it is one of a map's, or null if there is no such setting. */
    private static @Nullable String type(String setting) {
        int map = setting.indexOf(".NAME");
        if (TYPES.containsKey(setting) || map < 0) {
            return TYPES.get(setting);
        }
        assertThat(TYPES.get(setting.substring(0, map))).startsWith("java.util.Map<");
        if (setting.startsWith("spring.ssl.")) {
            // throws if a name in the bundle is none
            new Binder(new MapConfigurationPropertySource(Map.of(setting, "true")))
                    .bind(
                            "spring.ssl",
                            Bindable.of(SslProperties.class),
                            new NoUnboundElementsBindHandler(BindHandler.DEFAULT));
        }
        return "";
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void namesTheVariableOfASetting(Row row) {
        if (row.setting().contains(".NAME")) {
            // what is in a map is found by this form alone
            assertThat(row.variable())
                    .isEqualTo(row.setting().replace('.', '_').replace("-", "").toUpperCase(Locale.ROOT));
        } else {
            assertThat(Binder.get(variable(row.variable(), "7"))
                            .bind(row.setting(), String.class)
                            .orElse(""))
                    .isEqualTo("7");
        }
    }

    @Test
    void readsTheLimitsOfAModelFromAVariable() {
        assertThat(Binder.get(variable("SERVING_LIMITS_SPAM-LINFORMER_MAXTOKENS", "7"))
                        .bind("serving.limits", Bindable.mapOf(String.class, ModelLimits.class))
                        .get())
                .isEqualTo(Map.of("spam-linformer", new ModelLimits(7, Integer.MAX_VALUE)));
    }

    static StandardEnvironment variable(String name, String value) {
        StandardEnvironment environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .replace(
                        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                        new SystemEnvironmentPropertySource(
                                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, Map.of(name, value)));
        ConfigurationPropertySources.attach(environment);
        return environment;
    }
}
