package org.linformer.serving;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "org.linformer.serving", importOptions = ImportOption.DoNotIncludeTests.class)
class LayersTest {

    @ArchTest
    static final ArchRule onlyModelKnowsTheEngine = noClasses()
            .that()
            .resideOutsideOfPackage("..serving.model..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ai.djl..")
            .because("controllers see strings, numbers and records");

    @ArchTest
    static final ArchRule endpointsDoNotKnowEachOther = noClasses()
            .that()
            .resideInAPackage("..classify..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..embed..")
            .because("an endpoint can be taken out without the other");

    @ArchTest
    static final ArchRule oneJackson = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.fasterxml.jackson.databind..")
            .because("Spring Boot 4 maps with tools.jackson");
}
