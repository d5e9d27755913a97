package org.linformer.zoo.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import org.linformer.zoo.GlibcAllocator;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program {@code linformer}: a class for each of its commands. */
@Command(
        name = "linformer",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        scope = CommandLine.ScopeType.INHERIT,
        description = "Prepares data, trains models by a recipe, measures and uses them.",
        subcommands = {
            FetchData.class,
            Prepare.class,
            Import.class,
            Train.class,
            Evaluate.class,
            EvaluateSearch.class,
            Perplexity.class,
            Embed.class,
            Classify.class,
            Spectrum.class,
            Speed.class,
            Load.class
        })
public final class Main {

    /** The version of the jar. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"linformer " + (version == null ? "unpackaged" : version)};
        }
    }

    private Main() {}

    /**
     * Runs a command, and ends the process with its status.
     *
     * @param arguments the command and its arguments
     */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    static int run(String... arguments) {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        System.setProperty("org.slf4j.simpleLogger.log.ai.djl.util.cuda", "error");
        GlibcAllocator.keepFreedMemory();
        CommandLine commandLine = new CommandLine(new Main());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExecutionExceptionHandler((exception, command, result) -> {
            command.getErr().println(command.getColorScheme().errorText(message(exception)));
            return command.getCommandSpec().exitCodeOnExecutionException();
        });
        return commandLine.execute(arguments);
    }

    private static String message(Exception e) {
        if (e instanceof ModelNotFoundException && e.getCause() != null) {
            // DJL's own words are that no model fits; why the one that was named does not is said at the bottom
            Throwable reason = e.getCause();
            while (reason.getCause() != null) {
                reason = reason.getCause();
            }
            return String.valueOf(reason.getMessage());
        }
        return e instanceof IllegalArgumentException
                ? String.valueOf(e.getMessage())
                : e.getClass().getSimpleName() + ": " + e.getMessage();
    }
}
