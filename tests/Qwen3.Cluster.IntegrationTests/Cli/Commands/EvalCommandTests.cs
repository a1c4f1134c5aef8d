using System.Runtime.CompilerServices;
using System.Text.Json;
using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.IntegrationTests.Gateway;

namespace Qwen3.Cluster.IntegrationTests.Cli.Commands;

public sealed class EvalCommandTests : IDisposable
{
    private static readonly string Questions = Path.Combine(AppContext.BaseDirectory, "Fixtures", "eval", "arithmetic.jsonl");

    private const int Concurrency = 2;

    private readonly string _directory = Directory.CreateTempSubdirectory("qwen3-eval-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task MeasuresTheModelThatComesAlong()
    {
        CommandRun run = await CommandRun.Of(["eval", "--questions", Questions, "--limit", "6", "--max-steps", "1,none", "--out", _directory]);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        JsonElement[] results = Results();
        Assert.Equal(["deep", "deep, 1 step", "fast"], results.Select(result => result.GetProperty("setting").GetString()).Distinct().Order());
        Assert.Equal(18, results.Length);
        Assert.Contains(results, result => result.GetProperty("is_right").GetBoolean());
        Assert.All(results, result => Assert.InRange(result.GetProperty("reply_tokens").GetInt32(), 1, 4096));
        Assert.All(results.Where(result => result.GetProperty("setting").GetString() == "fast"), result => Assert.Equal("", result.GetProperty("thinking_end").GetString()));

        string[] csv = File.ReadAllLines(Path.Combine(_directory, "summary.csv"));
        Assert.StartsWith("setting,mode,max_steps,", csv[0]);
        Assert.Contains(csv, line => line.StartsWith("\"deep, 1 step\",deep,1,,,,,group,hard,", StringComparison.Ordinal));
        Assert.Contains("fast: 6 replies, ", run.Error);
        Assert.Contains("deep, 1 step", run.Output);
    }

    [Fact]
    public async Task GoesOnAfterCtrlC()
    {
        HeldGrains held = new(answers: 5);
        await using GatewayServer server = await GatewayServer.StartAsync(new FakeGrains { OnChat = held.Chat });
        string[] arguments = ["eval", "--server", server.Address.ToString(), "--questions", Questions, "--modes", "fast", "--concurrency", $"{Concurrency}", "--out", _directory];
        using (CommandProcess stopped = CommandProcess.Start(arguments))
        {
            await held.Holds.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            stopped.Signal(CommandProcess.SigInt);
            Assert.Equal(ExitCode.Interrupted, await stopped.ExitCodeAsync());
            Assert.Contains("Stopped after 5 of 12 replies. The same command goes on from here.", await stopped.Error.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(5, Results().Length);
        HeldGrains rest = new(answers: int.MaxValue - Concurrency);
        await using GatewayServer again = await GatewayServer.StartAsync(new FakeGrains { OnChat = rest.Chat });
        arguments[2] = again.Address.ToString();
        CommandRun run = await CommandRun.Of(arguments);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal(7, rest.Asked);
        Assert.Equal(12, Results().Select(result => result.GetProperty("question").GetString()).Distinct().Count());

        CommandRun other = await CommandRun.Of([.. arguments, "--seed", "2"]);
        Assert.Equal(ExitCode.Usage, other.ExitCode);
        Assert.Contains("holds the results of another run: its seed is 1, and this one's 2.", other.Error);
    }

    [Fact]
    public async Task RefusalsAreCounted()
    {
        await using GatewayServer server = await GatewayServer.StartAsync(
            new FakeGrains { OnChat = (_, _) => throw new ResponseTimeException(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1), "Too soon.") });
        CommandRun run = await CommandRun.Of(
            ["eval", "--server", server.Address.ToString(), "--questions", Questions, "--modes", "deep", "--response-times", "1", "--out", _directory]);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.All(Results(), result => Assert.NotEmpty(result.GetProperty("error").GetString()!));
        Assert.Matches(@"deep, 1 s +all +12 +0\.0 % .* 12\n", run.Output);
    }

    private JsonElement[] Results() => [.. File.ReadAllLines(Path.Combine(_directory, "results.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>So many answers, and then none until the call is cancelled.</summary>
    private sealed class HeldGrains(int answers)
    {
        private int _asked;

        public int Asked => _asked;

        /// <summary>Set when all that are asked at a time are held: then all answers have arrived.</summary>
        public TaskCompletionSource Holds { get; } = new();

        public async IAsyncEnumerable<ReplyEvent> Chat(ChatCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            int number = Interlocked.Increment(ref _asked);
            if (number > answers)
            {
                if (number == answers + Concurrency)
                {
                    Holds.SetResult();
                }

                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            foreach (ReplyEvent reply in FakeGrains.Answer())
            {
                yield return reply;
            }
        }
    }
}
