using System.Diagnostics;
using Qwen3.Cluster.Cli;

namespace Qwen3.Cluster.IntegrationTests.Cli;

public class CommandLineTests
{
    [Theory]
    [InlineData("frobnicate")]
    [InlineData("chat", "--frobnicate")]
    [InlineData("chat", "hi", "--temperature", "warm")]
    [InlineData("chat", "hi", "--mode", "slow")]
    [InlineData("chat", "hi", "--model", "/no/such/directory")]
    [InlineData("chat", "hi", "--server", "http://127.0.0.1:1", "--shards", "2")]
    [InlineData("chat", "hi", "--server", "localhost:5080")]
    [InlineData("eval", "--questions", "/no/such/file")]
    [InlineData("eval", "--modes", "slow")]
    [InlineData("eval", "--max-steps", "1,,2")]
    [InlineData("eval", "--limit", "0")]
    [InlineData("eval", "--model", "/no/such/directory")]
    [InlineData("models", "--server", "localhost:5080")]
    [InlineData("models", "--server", "http://127.0.0.1:1", "--threads", "2")]
    [InlineData("topology", "--server", "localhost:5080")]
    [InlineData("topology", "--watch", "0")]
    [InlineData("topology", "--watch", "soon")]
    [InlineData("rebalance", "one", "two")]
    [InlineData("spread", "--server", "localhost:5080")]
    [InlineData("logits", "/no/such/directory")]
    [InlineData("logits", "/no/such/directory", "--ids", "1,x")]
    [InlineData("serve", "--role", "king")]
    [InlineData("serve", "--role", "silo", "--urls", "http://127.0.0.1:0")]
    [InlineData("serve", "--role", "gateway", "--model", "/models/qwen3")]
    [InlineData("serve", "--role", "gateway", "--shards", "2")]
    [InlineData("serve", "--set", "Qwen3:Cluster:SiloPort")]
    [InlineData("serve", "--set", "Qwen3:Cluster:PrimarySilo=here")]
    public async Task AWrongCommandLineIsAUsageErrorInWords(params string[] arguments)
    {
        CommandRun run = await CommandRun.Of(arguments);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.StartsWith("qwen3: ", run.Error);
        Assert.InRange(run.Error.TrimEnd('\n').Split('\n').Length, 1, 2);
    }

    [Theory]
    [InlineData("There is no command frobnicate.", "frobnicate")]
    [InlineData("There is no option --frobnicate.", "chat", "--frobnicate")]
    [InlineData("two is one word more than chat takes", "chat", "one", "two")]
    [InlineData("--seed is -1: it must be a whole number from 0 to 18446744073709551615.", "chat", "hi", "--seed", "-1")]
    [InlineData("--max-tokens is 1.5: it must be a whole number from 0 to 4294967295.", "chat", "hi", "--max-tokens", "1.5")]
    [InlineData("--temperature is warm: it must be a number.", "chat", "hi", "--temperature", "warm")]
    [InlineData("--max-active-parameters is few: it must be a number such as 9.77B, 800M or 63000.", "chat", "hi", "--max-active-parameters", "few")]
    [InlineData("--response-time is soon: it must be a number of seconds.", "chat", "hi", "--response-time", "soon")]
    [InlineData("--max-steps has x: each of its list must be a number, or none.", "eval", "--max-steps", "1,x")]
    [InlineData("--modes has slow: each of its list must be fast, deep or auto.", "eval", "--modes", "fast,slow")]
    [InlineData("--shards is 0: it must be a whole number from 1 to 2147483647.", "chat", "hi", "--shards", "0")]
    [InlineData("--threads is -1: it must be a whole number from 0 to 2147483647.", "serve", "--threads", "-1")]
    public async Task AUsageErrorNamesWhatWasTyped(string message, params string[] arguments)
    {
        CommandRun run = await CommandRun.Of(arguments);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    [Fact]
    public async Task AServerThatIsNotThereIsToldOfAtOnceAndWithTheCause()
    {
        long started = Stopwatch.GetTimestamp();
        CommandRun run = await CommandRun.Of(["chat", "hi", "--server", "http://127.0.0.1:1"]);

        // Four waits of 0.05 to 0.4 s; a client in a program waits up to 4 s.
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(3));
        Assert.Equal("qwen3: The server cannot be reached: Connection refused\n", run.Error);
    }

    [Theory]
    [InlineData("logits", "/no/such/directory", "--ids", "1")]
    [InlineData("chat", "hi", "--server", "http://127.0.0.1:1")]
    [InlineData("eval", "--server", "http://127.0.0.1:1")]
    [InlineData("models", "--server", "http://127.0.0.1:1")]
    [InlineData("topology", "--server", "http://127.0.0.1:1")]
    [InlineData("topology", "--server", "http://127.0.0.1:1", "--watch")]
    [InlineData("rebalance", "--server", "http://127.0.0.1:1")]
    [InlineData("spread", "--server", "http://127.0.0.1:1")]
    public async Task AFailureIsOneSentenceWithoutAStackTrace(params string[] arguments)
    {
        CommandRun run = await CommandRun.Of(arguments);
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.StartsWith("qwen3: ", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
    }

    [Fact]
    public async Task VerboseShowsWhereAnErrorComesFrom()
    {
        CommandRun run = await CommandRun.Of(["logits", "/no/such/directory", "--ids", "1", "--verbose"]);
        Assert.Contains("   at ", run.Error);
    }

    [Fact]
    public async Task HelpIsNoError()
    {
        CommandRun run = await CommandRun.Of(["chat", "--help"]);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("--max-thinking-tokens", run.Output);
        Assert.Contains("--max-draft-tokens", run.Output);
    }
}
