using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Terminal;

namespace Qwen3.Cluster.IntegrationTests.Cli;

/// <summary>A command that ran inside the test's process, with pipes instead of a terminal.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    public static async Task<CommandRun> Of(string[] arguments, string input = "")
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        int exitCode = await CommandLine.RunAsync(arguments, new CommandTerminal(new StringReader(input), output, error));
        return new CommandRun(exitCode, output.ToString(), error.ToString());
    }
}
