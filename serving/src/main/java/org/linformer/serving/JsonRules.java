package org.linformer.serving;

import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.type.LogicalType;

/** What counts as a text in JSON: a string, and no number or truth value. */
@Configuration
class JsonRules {

    @Bean
    JsonMapperBuilderCustomizer textsAreStrings() {
        return builder -> builder.withCoercionConfig(LogicalType.Textual, texts -> {
            texts.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail);
            texts.setCoercion(CoercionInputShape.Float, CoercionAction.Fail);
            texts.setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
        });
    }
}
