package org.linformer.serving.tei;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.linformer.serving.ServingProperties;
import org.linformer.serving.model.Models;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Bounds the answers that hold a vector for each token, 25 MB at the default limit, from the request until the last byte is
 * written: a client that reads slowly keeps its answer. A request counts by its size, as a token takes a byte or more.
 */
@Component
final class TokenVectorAnswers implements HandlerInterceptor, WebMvcConfigurer {

    private static final int ANSWERS = 4;
    private static final String TOKENS = TokenVectorAnswers.class.getName();

    private final Models models;
    private final int maxBatchTokens;
    private final Semaphore tokens;

    TokenVectorAnswers(Models models, ServingProperties properties) {
        this.models = models;
        maxBatchTokens = properties.maxBatchTokens();
        tokens = new Semaphore((int) Math.min(Integer.MAX_VALUE, (long) ANSWERS * maxBatchTokens));
    }

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(this).addPathPatterns("/embed_all");
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        if (request.getDispatcherType() == DispatcherType.ASYNC) {
            return true; // the answer is there
        }
        long bytes = request.getContentLengthLong();
        int most = bytes < 0 ? maxBatchTokens : (int) Math.min(bytes, maxBatchTokens);
        if (!tokens.tryAcquire(most)) {
            throw models.busy(
                    "answers with vectors of tokens must be at most %d of serving.max-batch-tokens=%d at once,"
                                    .formatted(ANSWERS, maxBatchTokens)
                            + " but would be more: read those that are being written");
        }
        request.setAttribute(TOKENS, most);
        return true;
    }

    @Override
    public void afterCompletion(
            HttpServletRequest request, HttpServletResponse response, Object handler, @Nullable Exception e) {
        if (request.getAttribute(TOKENS) instanceof Integer most) {
            request.removeAttribute(TOKENS);
            tokens.release(most);
        }
    }
}
