package org.linformer.serving;

import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.origin.Origin;
import org.springframework.core.Ordered;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/** Says of a setting with a wrong value its name, rule, value and place, where Spring would speak of Java's types. */
class WrongSetting extends AbstractFailureAnalyzer<BindException> implements Ordered {

    private static final Map<Class<?>, String> RULES = Map.of(
            boolean.class, "be true or false",
            Boolean.class, "be true or false",
            int.class, "be a whole number",
            Integer.class, "be a whole number",
            Duration.class, "be a time such as 30s",
            DataSize.class, "be a size such as 4MB");

    /** Before Spring's own. */
    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    @Override
    protected @Nullable FailureAnalysis analyze(Throwable failure, BindException wrong) {
        String description = description(wrong);
        return description == null
                ? null
                : new FailureAnalysis(
                        description, "docker/README.md of the sources has a table of the settings", wrong);
    }

    private static @Nullable String description(BindException wrong) {
        ConfigurationProperty property = wrong.getProperty();
        if (wrong.getCause() instanceof BindValidationException invalid) {
            String prefix = wrong.getName() + ".";
            return invalid.getValidationErrors().getAllErrors().stream()
                    .map(error -> error(prefix, error))
                    .collect(Collectors.joining("\n"));
        }
        if (wrong.getCause() instanceof UnboundConfigurationPropertiesException unbound) {
            return unbound.getUnboundProperties().stream()
                    .map(unknown -> "%s must be a setting, but is none%s"
                            .formatted(unknown.getName(), place(unknown.getOrigin())))
                    .collect(Collectors.joining("\n"));
        }
        if (wrong.getCause() instanceof ConversionFailedException conversion && property != null) {
            String rule = RULES.get(conversion.getTargetType().getType());
            return rule == null
                    ? null
                    : "%s must %s, but is %s%s"
                            .formatted(property.getName(), rule, property.getValue(), place(property.getOrigin()));
        }
        return null;
    }

    private static String error(String prefix, ObjectError error) {
        return error instanceof FieldError field
                ? "%s%s %s, but is %s%s"
                        .formatted(
                                prefix,
                                DataObjectPropertyName.toDashedForm(field.getField()),
                                field.getDefaultMessage(),
                                field.getRejectedValue(),
                                place(Origin.from(field)))
                : error.toString();
    }

    private static String place(@Nullable Origin origin) {
        return origin == null ? "" : " (" + origin + ")";
    }
}
