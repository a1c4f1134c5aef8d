using System.Text.Json;
using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.IntegrationTests.Gateway;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Cli.Commands;

public class ModelsCommandTests
{
    private static readonly ModelDescription Moe = FakeGrains.Model with
    {
        Activations = [new Activation { ExpertsPerToken = 1, ActiveParameters = 302_000_000 }, new Activation { ExpertsPerToken = 8, ActiveParameters = 700_000_000 }],
    };

    private static readonly ModelDescription Dense = FakeGrains.Model with
    {
        Name = "dense", Architecture = "Qwen3ForCausalLM", Parameters = 600_000_000, ActiveParameters = 600_000_000, ExpertCount = 0, ExpertsPerToken = 0,
        Activations = [new Activation { ActiveParameters = 600_000_000 }],
    };

    [Fact]
    public async Task ShowsExpertsAgainstActivatedParametersOfEachModel()
    {
        await using GatewayServer server = await GatewayServer.StartAsync(new FakeGrains { OnList = () => [Moe, Dense] });
        CommandRun run = await CommandRun.Of(["models", "--server", server.Address.ToString()]);

        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            """
             model   architecture         parameters   context   k         activated parameters
            ────────────────────────────────────────────────────────────────────────────────────
             tiny    Qwen3MoeForCausalLM  5B           40,960    1 of 128  302M (302,000,000)
                                                                 8 of 128  700M (700,000,000)
             dense   Qwen3ForCausalLM     600M         40,960    –         600M (600,000,000)
            """.Split('\n').Select(Words),
            run.Output.TrimEnd('\n').Split('\n').Select(Words));
    }

    [Fact]
    public async Task TheModelNamedIsShownAlone()
    {
        await using GatewayServer server = await GatewayServer.StartAsync(new FakeGrains { OnList = () => [Moe, Dense] });
        CommandRun run = await CommandRun.Of(["models", "--server", server.Address.ToString(), "--model", "dense", "--json"]);
        JsonElement model = JsonDocument.Parse(run.Output).RootElement.GetProperty("models").EnumerateArray().Single();
        Assert.Equal("600000000", model.GetProperty("activations")[0].GetProperty("active_parameters").GetString());

        CommandRun other = await CommandRun.Of(["models", "--server", server.Address.ToString(), "--model", "other"]);
        Assert.Equal((ExitCode.Usage, "qwen3: the server has no model other; it has tiny, dense.\n"), (other.ExitCode, other.Error));
    }

    [Fact]
    public async Task LoadsADirectory()
    {
        CommandRun run = await CommandRun.Of(["models", "--model", TinyChatModel.Moe.Value, "--json"]);
        JsonElement model = JsonDocument.Parse(run.Output).RootElement.GetProperty("models").EnumerateArray().Single();
        Assert.Equal([1, 2, 3, 4], model.GetProperty("activations").EnumerateArray().Select(activation => activation.GetProperty("experts_per_token").GetInt32()));
    }

    // The widths of columns are the library's; the rule between is one word.
    private static string Words(string line) => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Replace("─", "", StringComparison.Ordinal);
}
