using System.Runtime.CompilerServices;
using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.IntegrationTests.Gateway;

namespace Qwen3.Cluster.IntegrationTests.Cli;

/// <summary>Ctrl-C, as a process sees it, before a server that would never end a reply by itself.</summary>
public class InterruptTests
{
    private const string Words = "and so on";
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task StopsTheReplyAndNotTheConversation()
    {
        EndlessReply endless = new();
        await using GatewayServer server = await GatewayServer.StartAsync(new FakeGrains { OnChat = endless.Chat });
        using CommandProcess chat = CommandProcess.Start("chat", "--server", server.Address.ToString());

        for (int turn = 1; turn <= 2; turn++)
        {
            await chat.Input.WriteLineAsync("Go on.");
            await chat.Input.FlushAsync(TestContext.Current.CancellationToken);
            await ReadWords(chat);
            chat.Signal(CommandProcess.SigInt);
            Assert.True(await endless.Stopped.WaitAsync(Timeout, TestContext.Current.CancellationToken));
            Assert.Equal("stopped", await chat.Error.ReadLineAsync(TestContext.Current.CancellationToken));
            Assert.Equal("", await chat.Output.ReadLineAsync(TestContext.Current.CancellationToken));
        }

        chat.Input.Close();
        Assert.Equal(ExitCode.Success, await chat.ExitCodeAsync());
    }

    [Fact]
    public async Task EndsASingleQuestionWith130()
    {
        EndlessReply endless = new();
        await using GatewayServer server = await GatewayServer.StartAsync(new FakeGrains { OnChat = endless.Chat });
        using CommandProcess chat = CommandProcess.Start("chat", "Go on.", "--server", server.Address.ToString());

        await ReadWords(chat);
        chat.Signal(CommandProcess.SigInt);
        Assert.Equal(ExitCode.Interrupted, await chat.ExitCodeAsync());
        Assert.True(await endless.Stopped.WaitAsync(Timeout, TestContext.Current.CancellationToken));
    }

    private static async Task ReadWords(CommandProcess chat)
    {
        char[] words = new char[Words.Length];
        await chat.Output.ReadBlockAsync(words, TestContext.Current.CancellationToken).AsTask().WaitAsync(Timeout);
        Assert.Equal(Words, new string(words));
    }

    /// <summary>A few words, and then nothing until the call is cancelled.</summary>
    private sealed class EndlessReply
    {
        public SemaphoreSlim Stopped { get; } = new(0);

        public async IAsyncEnumerable<ReplyEvent> Chat(ChatCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return new ReplyStarted { RequestId = "r", Model = "tiny" };
            yield return new ReplyDelta { Part = ReplyPart.Answer, Text = Words };
            try
            {
                await Task.Delay(System.Threading.Timeout.Infinite, cancellationToken);
            }
            finally
            {
                Stopped.Release();
            }
        }
    }
}
