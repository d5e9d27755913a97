package org.linformer.serving;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Stops the start for a variable {@code SERVING_*}, or a system property {@code serving.*}, that is no setting. Spring
 * does so for all other places of settings, but not for these two.
 */
class UnknownVariables implements EnvironmentPostProcessor {

    private static final Set<String> SETTINGS = Arrays.stream(ServingProperties.class.getRecordComponents())
            .map(component -> component.getName().toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());

    // in a variable, an underscore ends the model's name
    private static final Pattern LIMITS = Pattern.compile("limits(_[^_]+_(maxtokens|maxqueuedtokens)|[.\\[].*)");

    /** Its message has no value: a key may stand where none belongs. */
    static final class UnknownSettingException extends RuntimeException {

        private static final long serialVersionUID = 1;

        UnknownSettingException(String name) {
            super(name + " must be a setting, but is none");
        }
    }

    /** Ends the start with that message alone. */
    static final class Analyzer extends AbstractFailureAnalyzer<UnknownSettingException> {

        @Override
        protected FailureAnalysis analyze(Throwable failure, UnknownSettingException unknown) {
            return new FailureAnalysis(
                    String.valueOf(unknown.getMessage()),
                    "docker/README.md of the sources has a table of the settings",
                    unknown);
        }
    }

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        check(environment.getSystemEnvironment(), "serving_");
        check(environment.getSystemProperties(), "serving.");
    }

    private static void check(Map<String, Object> variables, String prefix) {
        variables.keySet().forEach(name -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (lower.startsWith(prefix) && !isSetting(lower.substring(prefix.length()))) {
                throw new UnknownSettingException(name);
            }
        });
    }

    private static boolean isSetting(String name) {
        // a list's may have an index
        return SETTINGS.contains(name.replaceAll("[^a-z]", ""))
                || LIMITS.matcher(name).matches();
    }
}
