using Grpc.Core;
using Qwen3.Cluster.Cli.Evaluation;
using Qwen3.Cluster.Cli.Evaluation.Questions;
using Qwen3.Cluster.Cli.Evaluation.Results;
using Qwen3.Cluster.Cli.Evaluation.Scoring;
using Qwen3.Cluster.Cli.Evaluation.Settings;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.IntegrationTests.Cli.Chat;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation;

public class EvalRunTests
{
    private static readonly EvalSetting Fast = new(Mode.Fast, null, null, null, null, null);
    private static readonly EvalSetting Deep = new(Mode.Deep, 2, null, null, null, null);
    private static readonly EvalQuestion[] Questions = [.. Enumerable.Range(0, 3).Select(i => new EvalQuestion($"q{i}", "easy", "sum", $"{i}?", new ValueScorer($"{i}")))];

    private readonly List<ChatRequest> _asked = [];
    private readonly List<EvalResult> _results = [];

    [Fact]
    public async Task AsksEveryQuestionInEverySettingWithASeedForEachSample()
    {
        await RunAsync((request, _) => Reply(request.Messages[^1].Content.TrimEnd('?')));

        Assert.Equal(12, _asked.Count);
        Assert.Equal([(Mode.Fast, 7ul), (Mode.Fast, 8ul), (Mode.Deep, 7ul), (Mode.Deep, 8ul)], _asked.Select(request => (request.Mode, request.Sampling.Seed)).Distinct().Order());
        Assert.Equal([false, true], _asked.Select(request => request.Budget.HasMaxSteps).Distinct().Order());
        Assert.Equal(12, _results.Select(result => result.Key).Distinct().Count());
        Assert.All(_results, result => Assert.Equal((true, 2u, 5u, "model", "stop"), (result.IsRight, result.ThinkingTokens, result.ReplyTokens, result.ThinkingEnd, result.Finish)));
    }

    [Fact]
    public async Task GoesOnWithWhatIsNotThere()
    {
        _results.AddRange([ScriptedResult.Of("fast", "q1", false), ScriptedResult.Of("deep, 2 steps", "q0", false, sample: 1)]);
        await RunAsync((_, _) => Reply("1"));
        Assert.Equal(10, _asked.Count);
        Assert.Equal(12, _results.Select(result => result.Key).Distinct().Count());
        Assert.DoesNotContain(_asked, request => request is { Mode: Mode.Fast, Sampling.Seed: 7 } && request.Messages[^1].Content == "1?");
    }

    [Fact]
    public async Task ARefusalIsAResult()
    {
        await RunAsync((_, _) => Fail(StatusCode.ResourceExhausted));
        Assert.All(_results, result => Assert.Equal((false, "No."), (result.IsRight, result.Error)));
        Assert.Equal(12, _results.Count);
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument)]
    [InlineData(StatusCode.NotFound)]
    [InlineData(StatusCode.Unavailable)]
    public async Task WhatAllRequestsWouldMeetEndsTheRun(StatusCode status)
    {
        await Assert.ThrowsAsync<Qwen3ClientException>(() => RunAsync((_, _) => Fail(status)));
        Assert.Empty(_results);
    }

    private async Task RunAsync(Func<ChatRequest, CancellationToken, IAsyncEnumerable<ReplyEvent>> ask)
    {
        ChatRequest template = new() { Sampling = new Sampling { Seed = 7 } };
        EvalRun run = new(Questions, [Fast, Deep], template, 2, 4, Asked, TimeProvider.System);
        Assert.Equal(12, run.Total);
        await run.RunAsync(_results, _ => { }, new LineProgress(TextWriter.Null), TestContext.Current.CancellationToken);

        IAsyncEnumerable<ReplyEvent> Asked(ChatRequest request, CancellationToken cancellationToken)
        {
            lock (_asked)
            {
                _asked.Add(request);
            }

            return ask(request, cancellationToken);
        }
    }

    private static IAsyncEnumerable<ReplyEvent> Reply(string answer) =>
        new[] { ScriptedReply.Started, ScriptedReply.Answer(answer), ScriptedReply.Finished }.ToAsyncEnumerable();

    private static async IAsyncEnumerable<ReplyEvent> Fail(StatusCode status)
    {
        await Task.Yield();
        yield return ScriptedReply.Started;
        throw new Qwen3ClientException(new RpcException(new Status(status, "No.")));
    }
}
