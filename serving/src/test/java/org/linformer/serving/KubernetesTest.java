package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;

/** The files of {@code docker/kubernetes} in Kubernetes' own types; a field or a type that it does not know fails. */
class KubernetesTest {

    private static final Path FOLDER = Path.of("..", "docker", "kubernetes");
    private static final Map<String, Class<? extends HasMetadata>> TYPES = Map.of(
            "deployment.yaml", Deployment.class,
            "horizontal-pod-autoscaler.yaml", HorizontalPodAutoscaler.class,
            "network-policy.yaml", NetworkPolicy.class,
            "pod-disruption-budget.yaml", PodDisruptionBudget.class,
            "service.yaml", Service.class);
    private static final ObjectMapper STRICT = JsonMapper.builder()
            .annotationIntrospector(new JacksonAnnotationIntrospector() {
                /** The types would put what they do not know aside. */
                @Override
                public Boolean hasAnySetter(Annotated annotated) {
                    return false;
                }
            })
            .withCoercionConfig(
                    LogicalType.Textual,
                    text -> text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    @Test
    void isWhatKubernetesKnows() throws Exception {
        for (String file : TYPES.keySet()) {
            HasMetadata object = read(text(file), TYPES.get(file));

            assertThat(object.getKind()).as(file).isEqualTo(TYPES.get(file).getSimpleName());
            assertThat(object.getApiVersion()).as(file).isEqualTo(HasMetadata.getApiVersion(TYPES.get(file)));
            assertThat(object.getMetadata().getName()).as(file).isEqualTo("linformer");
        }
        assertThat(tree(text("kustomization.yaml")).get("resources"))
                .as("resources")
                .isEqualTo(List.copyOf(new TreeSet<>(TYPES.keySet())));
    }

    @ParameterizedTest
    @CsvSource({
        "runAsNonRoot:, runAsNonroot:",
        "readOnlyRootFilesystem:, readOnlyRootFileSystem:",
        "maxSurge:, maxSurplus:",
        "value: /keys/keys.txt, value: 8080",
        "containerPort: 8080, containerPort: http",
    })
    void refusesWhatKubernetesDoesNotKnow(String right, String wrong) throws Exception {
        String broken = text("deployment.yaml").replace(right, wrong);

        assertThat(broken).contains(wrong);
        assertThatExceptionOfType(JsonProcessingException.class).isThrownBy(() -> read(broken, Deployment.class));
    }

    @Test
    void selectsThePods() throws Exception {
        Map<String, String> labels =
                deployment().getSpec().getTemplate().getMetadata().getLabels();

        assertThat(deployment().getSpec().getSelector().getMatchLabels()).isEqualTo(labels);
        assertThat(pod().getTopologySpreadConstraints()
                        .get(0)
                        .getLabelSelector()
                        .getMatchLabels())
                .isEqualTo(labels);
        assertThat(read(text("service.yaml"), Service.class).getSpec().getSelector())
                .isEqualTo(labels);
        assertThat(read(text("pod-disruption-budget.yaml"), PodDisruptionBudget.class)
                        .getSpec()
                        .getSelector()
                        .getMatchLabels())
                .isEqualTo(labels);
        assertThat(read(text("network-policy.yaml"), NetworkPolicy.class)
                        .getSpec()
                        .getPodSelector()
                        .getMatchLabels())
                .isEqualTo(labels);
        assertThat(read(text("horizontal-pod-autoscaler.yaml"), HorizontalPodAutoscaler.class)
                        .getSpec()
                        .getScaleTargetRef()
                        .getName())
                .isEqualTo(deployment().getMetadata().getName());
    }

    @Test
    void runsWithoutRights() throws Exception {
        SecurityContext container = container().getSecurityContext();

        assertThat(pod().getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(Files.readString(FOLDER.resolveSibling("Dockerfile")))
                .contains("USER %d:".formatted(pod().getSecurityContext().getRunAsUser()));
        assertThat(pod().getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        assertThat(pod().getAutomountServiceAccountToken()).isFalse();
        assertThat(container.getAllowPrivilegeEscalation()).isFalse();
        assertThat(container.getReadOnlyRootFilesystem()).isTrue();
        assertThat(container.getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(container.getCapabilities().getAdd()).isEmpty();
    }

    @Test
    void asksForHealthThatNeedsNoKey() throws Exception {
        String port = container().getPorts().get(0).getName();

        for (Probe probe : List.of(
                container().getStartupProbe(),
                container().getLivenessProbe(),
                container().getReadinessProbe())) {
            assertThat(probe.getHttpGet().getPath()).startsWith("/actuator/health/");
            assertThat(probe.getHttpGet().getPort().getStrVal()).isEqualTo(port);
        }
        assertThat(read(text("service.yaml"), Service.class)
                        .getSpec()
                        .getPorts()
                        .get(0)
                        .getTargetPort()
                        .getStrVal())
                .isEqualTo(port);
    }

    @Test
    void findsTheKeysOfTheSecret() throws Exception {
        Map<?, ?> secret =
                (Map<?, ?>) ((List<?>) tree(text("kustomization.yaml")).get("secretGenerator")).get(0);

        String name = pod().getVolumes().get(0).getSecret().getSecretName();
        String folder = container().getVolumeMounts().get(0).getMountPath();

        assertThat(secret.get("name")).isEqualTo(name);
        assertThat(container().getEnv().get(0).getName()).isEqualTo("SERVING_API_KEYS_FILE");
        assertThat(container().getEnv().get(0).getValue())
                .isEqualTo(folder + "/" + ((List<?>) secret.get("files")).get(0));
    }

    @Test
    void leavesTimeToFinishWhatIsBeingAnswered() throws Exception {
        Map<?, ?> spring = (Map<?, ?>) tree(Files.readString(Path.of("src", "main", "resources", "application.yaml")))
                .get("spring");
        String shutdown = (String) ((Map<?, ?>) spring.get("lifecycle")).get("timeout-per-shutdown-phase");
        List<String> preStop = container().getLifecycle().getPreStop().getExec().getCommand();

        assertThat(pod().getTerminationGracePeriodSeconds())
                .isGreaterThan(Long.parseLong(shutdown.replace("s", "")) + Long.parseLong(preStop.get(1)));
    }

    private static Deployment deployment() throws IOException {
        return read(text("deployment.yaml"), Deployment.class);
    }

    private static PodSpec pod() throws IOException {
        return deployment().getSpec().getTemplate().getSpec();
    }

    private static Container container() throws IOException {
        return pod().getContainers().get(0);
    }

    private static String text(String file) throws IOException {
        return Files.readString(FOLDER.resolve(file));
    }

    private static Map<String, Object> tree(String yaml) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        return new Yaml(options).load(yaml);
    }

    private static <T> T read(String yaml, Class<T> type) throws JsonProcessingException {
        return STRICT.treeToValue(STRICT.valueToTree(tree(yaml)), type);
    }
}
