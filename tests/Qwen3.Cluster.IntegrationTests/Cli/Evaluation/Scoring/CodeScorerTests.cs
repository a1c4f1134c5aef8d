using System.Diagnostics;
using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Scoring;

/// <summary>With the python3 of this machine; skipped without.</summary>
public class CodeScorerTests
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(20);
    private static readonly CodeTest[] Sums = [new("1 2\n", "3\n"), new("40 2\n", "42")];

    [Theory]
    [InlineData("print(sum(map(int, input().split())))", true)]
    [InlineData("print(3)", false)]
    [InlineData("raise Exception", false)]
    public async Task AProgramIsRightIfItPassesEveryTest(string program, bool isRight) =>
        Assert.Equal(isRight, await Score($"Try this:\n```python\nprint(0)\n```\nNo, this:\n```python\n{program}\n```", Sums, null));

    [Theory]
    [InlineData("return {'b': [a, b], 'a': None}", true)]
    [InlineData("print('noise'); return {'a': None, 'b': [a, b]}", true)]
    [InlineData("return [a, b]", false)]
    [InlineData("return float('nan')", false)]
    public async Task AMethodIsRightIfItReturnsWhatIsExpected(string body, bool isRight) => Assert.Equal(
        isRight,
        await Score($"```python\nclass Solution:\n    def pair(self, a: int, b: List[int]):\n        {body}\n```", [new("1\n[2]", """{"a": null, "b": [1, [2]]}""")], "pair"));

    [Fact]
    public async Task WithoutABlockOfCodeThereIsNoProgram() => Assert.False(await Score("print(3)", Sums, null));

    [Theory]
    [InlineData("while True: pass")]
    [InlineData("import time; time.sleep(600)")]
    [InlineData("while True: print('a' * 1000)")]
    [InlineData("a = 'a' * (8 << 30); print(3)")]
    public async Task WhatDoesNotEndIsEnded(string program)
    {
        long started = Stopwatch.GetTimestamp();
        Assert.False(await Score($"```python\n{program}\n```", Sums, null, TimeSpan.FromSeconds(2)));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30));
    }

    private static async Task<bool> Score(string reply, CodeTest[] tests, string? function, TimeSpan? timeLimit = null)
    {
        Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(path => File.Exists(Path.Combine(path, "python3"))), "There is no python3 here.");
        return await new CodeScorer(tests, function, new PythonRunner(timeLimit ?? TimeLimit)).IsRightAsync(reply, TestContext.Current.CancellationToken);
    }
}
