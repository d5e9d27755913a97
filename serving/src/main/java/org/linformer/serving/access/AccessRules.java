package org.linformer.serving.access;

import jakarta.servlet.DispatcherType;
import java.net.InetAddress;
import org.linformer.serving.Refusals;
import org.linformer.serving.ServingProperties;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.security.web.authentication.AnonymousAuthenticationFilter;
import org.springframework.security.web.firewall.RequestRejectedHandler;

/** What a caller needs for which path. */
@Configuration
class AccessRules {

    private static final String[] PAGE = {
        "/", "/*.html", "/*.css", "/*.js", "/*.svg", "/*.ico", "/*.yaml", "/webjars/**"
    };
    private static final String POLICY = "default-src 'self'";
    // Swagger UI sets styles and draws its icons in line
    private static final String POLICY_OF_API_PAGE =
            POLICY + "; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
    private static final String[] HEALTH = {"/actuator/health/**", "/v2/health/**", "/health", "/ping"};

    private final ServingProperties properties;
    private final ApiKeys keys;
    private final Refusals refusals;

    AccessRules(ServingProperties properties, ApiKeys keys, Refusals refusals) {
        this.properties = properties;
        this.keys = keys;
        this.refusals = refusals;
    }

    @Bean
    SecurityFilterChain access(HttpSecurity http, Environment environment) {
        requireKeysBeyondThisMachine(environment, "server.address", "server.address");
        if (ManagementPortType.get(environment) == ManagementPortType.DIFFERENT) {
            requireKeysBeyondThisMachine(environment, "management.server.port", "management.server.address");
        }
        if (properties.requestsPerMinute() > 0) {
            if (!keys.required()) {
                throw new InvalidConfigurationPropertyValueException(
                        "serving.requests-per-minute",
                        properties.requestsPerMinute(),
                        "must be 0 where serving.api-keys-file names no keys");
            }
            http.addFilterAfter(
                    new RateLimitFilter(properties.requestsPerMinute(), refusals), AuthorizationFilter.class);
        }
        return http.authorizeHttpRequests(paths -> {
                    // these belong to a request that was let in before
                    paths.dispatcherTypeMatchers(DispatcherType.ASYNC, DispatcherType.ERROR)
                            .permitAll();
                    if (keys.required()) {
                        paths.requestMatchers(HttpMethod.GET, PAGE).permitAll();
                        paths.requestMatchers(HEALTH).permitAll();
                        paths.anyRequest().authenticated();
                    } else {
                        paths.anyRequest().permitAll();
                    }
                })
                .addFilterBefore(new ApiKeyFilter(keys), AnonymousAuthenticationFilter.class)
                .exceptionHandling(refused -> refused.authenticationEntryPoint((request, response, e) -> {
                    response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
                    refusals.write(
                            request,
                            response,
                            HttpStatus.UNAUTHORIZED,
                            "Authorization must be Bearer and a key of this service, but is "
                                    + (request.getHeader(HttpHeaders.AUTHORIZATION) == null ? "missing" : "another"));
                }))
                .headers(headers -> headers.addHeaderWriter((request, response) -> response.setHeader(
                        "Content-Security-Policy",
                        request.getRequestURI().endsWith("/api.html") ? POLICY_OF_API_PAGE : POLICY)))
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                // they are for browsers that log in; here each request brings its key
                .csrf(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .requestCache(AbstractHttpConfigurer::disable)
                .build();
    }

    private void requireKeysBeyondThisMachine(Environment environment, String property, String addressProperty) {
        InetAddress address =
                Binder.get(environment).bind(addressProperty, InetAddress.class).orElse(null);
        if (!keys.required() && !properties.open() && (address == null || !address.isLoopbackAddress())) {
            throw new InvalidConfigurationPropertyValueException(
                    property,
                    environment.getProperty(property),
                    "this machine's own address is the only one that may be open to everyone, but others would reach it."
                            + " Name the keys of the callers in serving.api-keys-file (SERVING_API_KEYS_FILE),"
                            + " or let everyone in with serving.open=true (SERVING_OPEN=true)");
        }
    }

    @Bean
    RequestRejectedHandler hostileRequests() {
        return (request, response, e) -> refusals.write(
                request,
                response,
                HttpStatus.BAD_REQUEST,
                "method must be one of HTTP's, and path and headers without //, ;, encoded separators and control characters,"
                        + " but are not");
    }

    /** Leaves the filters of Spring Security out of the metrics; the requests that they refuse are counted as requests. */
    @Bean
    SecurityObservationSettings noFilterMetrics() {
        return SecurityObservationSettings.noObservations();
    }
}
