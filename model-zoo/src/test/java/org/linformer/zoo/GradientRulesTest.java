package org.linformer.zoo;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.core.domain.properties.HasParameterTypes.Predicates.rawParameterTypes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import ai.djl.ndarray.NDArray;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "org.linformer", importOptions = ImportOption.DoNotIncludeTests.class)
class GradientRulesTest {

    @ArchTest
    static final ArchRule numbersLiveUntilTheGradient = noClasses()
            .should()
            .callMethodWhere(target(owner(type(NDArray.class)))
                    .and(target(nameMatching("(mul|div|mod|pow|maximum|minimum)i?")))
                    .and(target(rawParameterTypes(Number.class))))
            .because("DJL leaves the number to the garbage collector before PyTorch reads it for the gradient:"
                    + " multiply by manager.full(new Shape(), number)");
}
