package org.linformer.attention;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "org.linformer", importOptions = ImportOption.DoNotIncludeTests.class)
class LayersTest {

    @ArchTest
    static final ArchRule attentionKnowsNoEncoder = noClasses()
            .that()
            .resideInAPackage("..attention..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..encoder..")
            .because("an attention block is used by the encoder, and by other people's blocks");

    @ArchTest
    static final ArchRule noEngine = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ai.djl.pytorch..")
            .because("the block sees DJL's api only");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("org.linformer.(*)..").should().beFreeOfCycles();
}
