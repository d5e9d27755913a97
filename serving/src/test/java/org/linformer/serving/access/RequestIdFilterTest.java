package org.linformer.serving.access;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.DispatcherType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

class RequestIdFilterTest {

    private final RequestIdFilter filter = new RequestIdFilter();
    private final List<String> logged = new ArrayList<>();

    @Test
    void staysTheSameOnTheThreadThatAnswersLaterAndIsNotLeftOnEither() throws Exception {
        MockHttpServletRequest request = new MockHttpServletRequest();

        String first = filter(request);
        assertThat(MDC.get("requestId")).isNull();
        request.setDispatcherType(DispatcherType.ASYNC);
        String second = filter(request);

        assertThat(first).isEqualTo(second).matches("[0-9a-f-]{36}");
        assertThat(logged).containsExactly(first, first);
        assertThat(MDC.get("requestId")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "trace-1.2_3", "0123456789"})
    void isTheCallersOwn(String id) throws Exception {
        assertThat(filter(asking(id))).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a\r\nSet-Cookie: b=c", "ä", "a/b", "<b>"})
    void isANewOneWhereTheCallersIsNotPlain(String id) throws Exception {
        assertThat(filter(asking(id))).matches("[0-9a-f-]{36}");
    }

    @Test
    void hasAtMost128Characters() throws Exception {
        assertThat(filter(asking("a".repeat(128)))).hasSize(128);
        assertThat(filter(asking("a".repeat(129)))).hasSize(36);
    }

    private static MockHttpServletRequest asking(String id) {
        MockHttpServletRequest request = new MockHttpServletRequest();
        request.addHeader("X-Request-Id", id);
        return request;
    }

    private String filter(MockHttpServletRequest request) throws Exception {
        MockHttpServletResponse response = new MockHttpServletResponse();
        filter.doFilter(request, response, (req, res) -> logged.add(MDC.get("requestId")));
        return response.getHeader("X-Request-Id");
    }
}
