package org.linformer.serving;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Bounds the answers that hold a vector for each token, 25 MB at the default limit, until their last byte is written: a
 * client that reads slowly keeps its answer.
 */
@Component
public final class TokenVectors implements HandlerInterceptor, WebMvcConfigurer {

    private static final int ANSWERS = 4;
    private static final String HELD = TokenVectors.class.getName();

    private final int most;
    private final Semaphore tokens;

    TokenVectors(ServingProperties properties) {
        most = (int) Math.min(Integer.MAX_VALUE, (long) ANSWERS * properties.maxBatchTokens());
        tokens = new Semaphore(most);
    }

    /**
     * Returns how many tokens may have their vectors in answers at once.
     *
     * @return the number
     */
    public int most() {
        return most;
    }

    /**
     * Takes room for the answer to the request that this thread answers, until it is written.
     *
     * @param number tokens whose vectors it holds
     * @return whether there was room
     */
    public boolean hold(int number) {
        if (!tokens.tryAcquire(number)) {
            return false;
        }
        RequestContextHolder.currentRequestAttributes().setAttribute(HELD, number, RequestAttributes.SCOPE_REQUEST);
        return true;
    }

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(this);
    }

    @Override
    public void afterCompletion(
            HttpServletRequest request, HttpServletResponse response, Object handler, @Nullable Exception e) {
        if (request.getAttribute(HELD) instanceof Integer number) {
            request.removeAttribute(HELD);
            tokens.release(number);
        }
    }
}
