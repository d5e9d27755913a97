package org.linformer.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.NoSuchElementException;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = "serving.models=spam-linformer,minilm-linformer-4k")
@EnabledIf(value = "browserIsThere", disabledReason = "left out: needs chromium and chromedriver on the PATH")
class PageTest {

    private static final String SPAM =
            "You have been selected to receive a FREE cash prize. Click here to claim it now. No credit check!";
    private static final String MAIL = SPAM + "\n\nCould you rebase the patch and run the tests again?";

    private static ChromeDriver browser;

    @LocalServerPort
    private int port;

    static boolean browserIsThere() {
        return onPath("chromium").isPresent() && onPath("chromedriver").isPresent();
    }

    @BeforeAll
    static void openBrowser() {
        LoggingPreferences everything = new LoggingPreferences();
        everything.enable(LogType.BROWSER, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(onPath("chromium").orElseThrow());
        options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage");
        options.setCapability("goog:loggingPrefs", everything);
        browser = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(onPath("chromedriver").orElseThrow())
                        .withTimeout(Duration.ofMinutes(3))
                        .build(),
                options);
    }

    private static Optional<File> onPath(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .map(Path::toFile)
                .findFirst();
    }

    @AfterAll
    static void closeBrowser() {
        if (browser != null) {
            browser.quit();
        }
    }

    @BeforeEach
    void openPage() {
        showAt(1100, "light");
        browser.get("http://127.0.0.1:" + port + "/");
        eventually("#classify .model", model -> model.getText().contains("spam-linformer"));
    }

    private static void showAt(int width, String colours) {
        browser.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", false));
        browser.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", colours))));
    }

    @AfterEach
    void hasNothingToComplainAbout() {
        assertThat(complaints()).isEmpty();
    }

    /** What the browser complained about since it was last asked: scripts, policy, requests. */
    private static List<String> complaints() {
        return browser.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogEntry::getMessage)
                .toList();
    }

    @Test
    void classifiesAText() {
        write("#text", SPAM);
        click("#classify button");

        eventually("#answer", WebElement::isDisplayed);
        assertThat(texts("#labels tbody th")).containsExactly("spam", "ham");
        List<Integer> filled = all("#labels .bar").stream()
                .map(bar -> (int) (100 * number("return Number(arguments[0].style.getPropertyValue('--share'))", bar)))
                .toList();
        assertThat(filled.get(0)).isGreaterThan(50);
        assertThat(filled.get(1)).isLessThan(50);
        assertThat(one("#answer-facts").getText()).matches("spam-linformer read all \\d+ tokens in [\\d,]+ ms");
    }

    @Test
    void cutsWhatIsTooLongOnlyIfItMay() {
        browser.executeScript("document.querySelector('#text').value = 'word '.repeat(5000)");
        click("#classify button");
        eventually("#answer-facts", facts -> facts.getText().contains("read 4,096 of 5,002 tokens (the rest was cut)"));

        click("#classify .cut");
        click("#classify button");

        eventually(
                "#classify .error",
                error -> error.getText().startsWith("the text at index 0 must be at most 4096 tokens, but is 5002"));
        assertThat(complaints()).hasSize(1).first().asString().contains("422");
    }

    @Test
    void saysWhatIsWrongWithAnEmptyText() {
        click("#classify button");
        eventually("#classify .error", error -> error.getText().equals("text[0] must say something, but is blank"));

        click("#compare button");
        eventually("#compare .error", error -> error.getText().equals("input[0] must say something, but is blank"));

        assertThat(one("#compare .error").getDomAttribute("role")).isEqualTo("alert");
        assertThat(one("#answer").isDisplayed()).isFalse();
        assertThat(complaints()).hasSize(2).allMatch(complaint -> complaint.contains("400"));
    }

    @Test
    void opensAFile(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(
                folder.resolve("mail.html"),
                "<head><title>Mail</title><style>p { color: red }</style></head><!-- <p>no</p> -->"
                        + "<p style='color: red'>Act&nbsp;<b>n</b>ow!</p><p>3 &lt; 4</p><script>alert(1)</script>");

        one("[data-into=text]").sendKeys(file.toString());
        eventually("#text", text -> "Act\u00a0now!\n\n3 < 4".equals(text.getDomProperty("value")));

        Path picture = Files.writeString(folder.resolve("mail.png"), "?");
        one("[data-into=text]").sendKeys(picture.toString());
        eventually(
                "#classify .error",
                error -> error.getText().equals("file must end in .txt, .md or .html, but is mail.png"));
    }

    @Test
    void marksThePartsThatCount() {
        write("#text", MAIL);
        click("#classify button[value=parts]");

        eventually("#parts-status", status -> status.getText().startsWith("4 of 4 parts left out in"));
        assertThat(texts("#parts-text .part"))
                .containsExactly(
                        "You have been selected to receive a FREE cash prize.",
                        "Click here to claim it now.",
                        "No credit check!",
                        "Could you rebase the patch and run the tests again?");
        // a sentence of a colleague among three of advertisement
        WebElement supports = one("#parts-text .part:nth-child(2)");
        WebElement against = one("#parts-text .part:nth-child(4)");
        assertThat(supports.getDomAttribute("title")).startsWith("Part 2 supports spam: +");
        assertThat(against.getDomAttribute("class")).isEqualTo("part against");
        assertThat(supports.getCssValue("background-color")).isNotEqualTo(against.getCssValue("background-color"));
        browser.executeScript("arguments[0].focus()", against);
        assertThat(one("#part-facts").getText()).startsWith("Part 4 speaks against spam: −");
        assertThat(one("#cancel").isDisplayed()).isFalse();
    }

    @Test
    void stopsWeighingPartsWhenItIsToldTo() {
        browser.executeScript("document.querySelector('#text').value = 'Some words of a sentence. '.repeat(500)");
        click("#classify button[value=parts]");
        eventually("#cancel", WebElement::isDisplayed);
        click("#cancel");

        eventually("#parts-status", status -> status.getText().endsWith("of 24 parts left out, then cancelled"));
    }

    @Test
    void comparesTwoTexts() {
        write("#first", "How do I reset my password?");
        write("#second", "How do I reset my password?");
        click("#compare button");
        eventually("#cosine", cosine -> cosine.getText().equals("1.000"));

        write("#second", "The cathedral was built in 1248.");
        click("#compare button");
        eventually("#cosine", cosine -> cosine.getText().matches("-?0\\.[0-4]\\d\\d"));
        assertThat(one("#compare .model").getText()).startsWith("minilm-linformer-4k");
    }

    @Test
    void showsWhatTheServiceDoesNow() {
        eventually("#live-depth", depth -> depth.getText().equals("0"));
        write("#text", SPAM);
        click("#classify button");

        eventually("#live-mean", mean -> mean.getText().matches("[\\d.]+ m?s"));
        assertThat(one("#live-p95").getText()).matches("[\\d.]+ m?s");
    }

    @Test
    void showsTheApiAndTriesIt() {
        click("header a[href='api.html']");
        clickEventually("#operations-OpenAI-models .opblock-summary-control");
        clickEventually("#operations-OpenAI-models .try-out__btn");
        clickEventually("#operations-OpenAI-models .execute");

        eventually(
                "#operations-OpenAI-models .live-responses-table .microlight",
                answer -> answer.getText().contains("minilm-linformer-4k"));
    }

    @Test
    void fitsANarrowScreenInTheDark() {
        showAt(360, "dark");
        write("#text", MAIL + " " + "w".repeat(300));
        click("#classify button[value=parts]");
        eventually("#parts-status", status -> status.getText().contains("out in"));
        click("#compare button");
        eventually("#compare .error", WebElement::isDisplayed);

        assertThat(number("return document.documentElement.scrollWidth")).isLessThanOrEqualTo(360);
        assertThat(one("body").getCssValue("background-color")).isEqualTo("rgba(20, 23, 26, 1)");
        assertThat(complaints()).hasSize(1).first().asString().contains("400");
    }

    private static void eventually(String selector, Predicate<WebElement> expected) {
        await().atMost(Duration.ofMinutes(5))
                .ignoreException(NoSuchElementException.class)
                .ignoreException(StaleElementReferenceException.class)
                .until(() -> one(selector), expected::test);
    }

    /** The page that the element is on may still be being drawn. */
    private static void clickEventually(String selector) {
        eventually(selector, element -> {
            boolean isThere = element.isDisplayed();
            if (isThere) {
                element.click();
            }
            return isThere;
        });
    }

    private static double number(String script, Object... arguments) {
        return ((Number) browser.executeScript(script, arguments)).doubleValue();
    }

    private static WebElement one(String selector) {
        return browser.findElement(By.cssSelector(selector));
    }

    private static List<WebElement> all(String selector) {
        return browser.findElements(By.cssSelector(selector));
    }

    private static List<String> texts(String selector) {
        return all(selector).stream().map(element -> element.getText().strip()).toList();
    }

    private static void write(String selector, String text) {
        one(selector).clear();
        one(selector).sendKeys(text);
    }

    private static void click(String selector) {
        one(selector).click();
    }
}
