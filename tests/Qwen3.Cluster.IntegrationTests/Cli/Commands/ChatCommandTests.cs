using System.Text.Json;
using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Hosting;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.IntegrationTests.Gateway;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Cli.Commands;

/// <summary>The whole way, with a model that talks nonsense: what counts is how.</summary>
public class ChatCommandTests
{
    private static readonly string[] Brief = ["--model", TinyChatModel.Moe.Value, "--seed", "1", "--max-tokens", "12"];

    [Fact]
    public async Task WritesEventsAsJson()
    {
        CommandRun run = await CommandRun.Of(["chat", "Hello", .. Brief, "--json"]);

        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Error));
        JsonElement[] events = Events(run);
        Assert.Equal("1", events[0].GetProperty("started").GetProperty("seed").GetString());
        JsonElement finished = events[^1].GetProperty("finished");
        Assert.InRange(finished.GetProperty("usage").GetProperty("reply_tokens").GetInt32(), 1, 12);
        Assert.All(events[1..^1], reply => Assert.True(reply.TryGetProperty("delta", out _)));
    }

    [Theory]
    [InlineData("--shards", "1")]
    [InlineData("--shards", "7")]
    [InlineData("--threads", "1")]
    public async Task TheSameSeedGivesTheSameReplyHoweverTheExpertsAreSpread(string option, string value)
    {
        CommandRun four = await CommandRun.Of(["chat", "Hello", .. Brief, "--json"]);
        CommandRun other = await CommandRun.Of(["chat", "Hello", .. Brief, "--json", option, value]);
        Assert.Equal(Text(four), Text(other));
    }

    [Fact]
    public async Task APipedConversationIsOneTurnALine()
    {
        CommandRun run = await CommandRun.Of(["chat", .. Brief, "--json"], "Hello\n\n/no_think\nAgain\n");
        JsonElement[] started = [.. Events(run).Where(reply => reply.TryGetProperty("started", out _))];
        Assert.Equal(2, started.Length);
        int[] prompts = [.. started.Select(reply => reply.GetProperty("started").GetProperty("prompt_tokens").GetInt32())];
        Assert.True(prompts[1] > prompts[0], "The second prompt holds the first turn.");
    }

    [Fact]
    public async Task ADashReadsOneQuestionOfManyLines()
    {
        CommandRun whole = await CommandRun.Of(["chat", "-", .. Brief, "--json"], "Hello\nyou\n");
        CommandRun given = await CommandRun.Of(["chat", "Hello\nyou", .. Brief, "--json"]);
        Assert.Equal(Text(given), Text(whole));
    }

    [Fact]
    public async Task TalksToAServer()
    {
        await using OwnCluster cluster = await OwnCluster.StartAsync(
            new ModelOptions { Name = "tiny", Directory = TinyChatModel.Moe.Value }, isVerbose: false);
        CommandRun own = await CommandRun.Of(["chat", "Hello", .. Brief, "--json"]);
        CommandRun server = await CommandRun.Of(
            ["chat", "Hello", "--server", cluster.Address.ToString(), "--seed", "1", "--max-tokens", "12", "--model", "tiny", "--json"]);
        Assert.Equal(Text(own), Text(server));

        CommandRun unknown = await CommandRun.Of(["chat", "Hello", "--server", cluster.Address.ToString(), "--model", "other"]);
        Assert.Equal(ExitCode.Failure, unknown.ExitCode);
        Assert.Contains("other", unknown.Error);
    }

    [Fact]
    public async Task AValueThatTheServerRefusesIsAUsageErrorThatNamesTheField()
    {
        CommandRun run = await CommandRun.Of(["chat", "Hello", .. Brief, "--temperature", "9"]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("sampling.temperature", run.Error);
    }

    [Fact]
    public async Task LimitsAndModeGoToTheServer()
    {
        ChatCall? call = null;
        await using GatewayServer server = await GatewayServer.StartAsync(new FakeGrains
        {
            OnChat = (asked, _) =>
            {
                call = asked;
                return FakeGrains.Answer().ToAsyncEnumerable();
            },
        });
        CommandRun run = await CommandRun.Of(
        [
            "chat", "Hello", "--server", server.Address.ToString(), "--model", "auto", "--mode", "auto",
            "--max-active-parameters", "9.77B", "--response-time", "2.5", "--max-steps", "3",
        ]);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal(("auto", ReplyMode.Auto), (call!.Model, call.Mode));
        Assert.Equal(
            (3L, 9_770_000_000L, TimeSpan.FromSeconds(2.5)),
            (Convert.ToInt64(call.Budget.MaxSteps), Convert.ToInt64(call.Budget.MaxActiveParameters), call.Budget.ResponseTime));
    }

    [Fact]
    public async Task AModelThatCannotBeLoadedIsAFailureThatNamesTheFile()
    {
        string directory = TinyChatModel.Make("chat-broken", experts: 16);
        File.Delete(Path.Combine(directory, "model.safetensors"));
        CommandRun run = await CommandRun.Of(["chat", "Hello", "--model", directory]);
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("model.safetensors", run.Error);
    }

    private static JsonElement[] Events(CommandRun run) =>
        [.. run.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];

    private static string Text(CommandRun run)
    {
        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Error));
        string text = string.Concat(Events(run).Where(reply => reply.TryGetProperty("delta", out _))
            .Select(reply => reply.GetProperty("delta").GetProperty("text").GetString()));
        Assert.NotEmpty(text);
        return text;
    }
}
