using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Cli.Commands;

public class ServeCommandTests
{
    [Fact]
    public async Task ServesUntilItIsToldToStop()
    {
        using CommandProcess serve = CommandProcess.Start("serve", "--model", TinyChatModel.Moe.Value, "--urls", "http://127.0.0.1:0");
        string line = await ReadLine(serve);
        Assert.StartsWith("tiny-chat-moe (Qwen3MoeForCausalLM, ", line);

        CommandRun run = await CommandRun.Of(["chat", "Hello", "--server", line.Split(' ')[^1], "--max-tokens", "5"]);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("tokens/s", run.Error);

        serve.Signal(CommandProcess.SigTerm);
        Assert.Equal(ExitCode.Success, await serve.ExitCodeAsync());
    }

    [Fact]
    public async Task TakesModelsFromTheConfiguration()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("qwen3-serve-");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "appsettings.json"), $$"""
                { "Urls": "http://127.0.0.1:0", "Qwen3": { "Models": [ { "Name": "configured", "Directory": "{{TinyChatModel.Dense.Value}}" } ] } }
                """);
            using CommandProcess serve = CommandProcess.StartIn(directory.FullName, "serve");
            Assert.StartsWith("configured (Qwen3ForCausalLM, ", await ReadLine(serve));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task ASettingThatCannotBeUsedIsNamed()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("qwen3-serve-");
        File.WriteAllText(Path.Combine(directory.FullName, "appsettings.json"), $$"""
            { "Urls": "http://127.0.0.1:0", "Qwen3": { "Models": [ { "Directory": "{{TinyChatModel.Dense.Value}}", "ExpertShards": 0 } ] } }
            """);
        using CommandProcess serve = CommandProcess.StartIn(directory.FullName, "serve");
        Assert.Equal(ExitCode.Usage, await serve.ExitCodeAsync());
        directory.Delete(recursive: true);
        Assert.Contains("Qwen3:Models:0:ExpertShards is 0", await serve.Error.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ASettingThatAnOptionReplacesIsRefused()
    {
        using CommandProcess serve = CommandProcess.Start("serve", "--model", TinyChatModel.Moe.Value, "--set", "Qwen3:Models:0:Replicas=2");
        Assert.Equal(ExitCode.Usage, await serve.ExitCodeAsync());
        Assert.Contains(
            "--set Qwen3:Models:0:Replicas=2 is for models of the configuration, which --model replaces",
            await serve.Error.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<string> ReadLine(CommandProcess process) =>
        await process.Output.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)
        ?? throw new InvalidOperationException(await process.Error.ReadToEndAsync(TestContext.Current.CancellationToken));
}
