package org.linformer.benchmark.rivals;

import java.io.IOException;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** A rival as a service: {@code --rival=spring-ai} or {@code --rival=langchain4j}. */
@SpringBootApplication
public class RivalApplication {

    /**
     * Starts it.
     *
     * @param arguments settings
     */
    public static void main(String[] arguments) {
        SpringApplication.run(RivalApplication.class, arguments);
    }

    @Bean
    MiniLmFiles files() throws IOException {
        return MiniLmFiles.extract();
    }

    @Bean
    Windows windows(MiniLmFiles files) throws IOException {
        return new Windows(files);
    }

    @Bean
    Rival rival(@Value("${rival}") String name, MiniLmFiles files) throws Exception {
        return switch (name) {
            case "langchain4j" -> Rival.langChain4j(files);
            case "spring-ai" -> Rival.springAi(files);
            default -> throw new IllegalArgumentException("rival must be langchain4j or spring-ai, but is " + name);
        };
    }
}
