package org.linformer.serving;

import java.util.List;
import org.linformer.zoo.GlibcAllocator;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration;

/** The service. */
@SpringBootApplication(exclude = UserDetailsServiceAutoConfiguration.class) // it would make up a password and log it
@ConfigurationPropertiesScan
public class ServingApplication {

    /**
     * Starts the service.
     *
     * @param arguments settings as {@code --name=value}; {@code --version} prints it and does not start
     */
    public static void main(String[] arguments) {
        if (List.of(arguments).contains("--version")) {
            String version = ServingApplication.class.getPackage().getImplementationVersion();
            System.out.println("linformer-serving " + (version == null ? "unpackaged" : version));
            return;
        }
        if (System.getProperty("ai.djl.offline") == null) {
            // everything is in the jar: nothing may be fetched or reported while it runs
            System.setProperty("ai.djl.offline", "true");
        }
        GlibcAllocator.keepFreedMemory();
        SpringApplication.run(ServingApplication.class, arguments);
    }
}
