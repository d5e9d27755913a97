package org.linformer.serving;

import jakarta.servlet.ServletException;
import java.io.IOException;
import java.util.Objects;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.coyote.ActionCode;
import org.linformer.serving.model.Client;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/**
 * Knows whether clients are still there, which the servlet API does not tell: Tomcat reads nothing from a connection
 * while its request is being answered. A client that has closed its side for writing counts as gone, as it does with
 * nginx.
 */
@Component
public final class Clients implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

    private static final String CLIENT = Client.class.getName();

    @Override
    public void customize(TomcatServletWebServerFactory factory) {
        factory.addContextValves(new Valve());
    }

    /**
     * Returns the client of the request that this thread answers. It must be asked only until it has its answer: then
     * its connection is Tomcat's again.
     *
     * @return the client
     */
    public Client current() {
        return (Client) Objects.requireNonNull(
                RequestContextHolder.currentRequestAttributes().getAttribute(CLIENT, RequestAttributes.SCOPE_REQUEST));
    }

    private static final class Valve extends ValveBase {

        Valve() {
            super(true); // requests are answered asynchronously
        }

        @Override
        public void invoke(Request request, Response response) throws IOException, ServletException {
            org.apache.coyote.Request connection = request.getCoyoteRequest();
            request.setAttribute(CLIENT, (Client) () -> isClosed(connection));
            getNext().invoke(request, response);
        }

        /** At its end, a connection that is read without waiting claims one byte, which then is not there. */
        private static boolean isClosed(org.apache.coyote.Request connection) {
            return available(connection, true) == 1 && available(connection, false) == 0;
        }

        private static int available(org.apache.coyote.Request connection, boolean read) {
            connection.action(ActionCode.AVAILABLE, read);
            return connection.getAvailable();
        }
    }
}
