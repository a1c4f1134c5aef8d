using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Chat;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Chat;

public sealed class ChatSessionTests : IDisposable
{
    private readonly StringWriter _out = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };
    private readonly ChatRequest _request = new() { Messages = { new Message { Role = Role.System, Content = "Be brief." } } };
    private readonly List<(string Question, Mode Mode, int Messages)> _asked = [];
    private readonly FakeTimeProvider _clock = new();
    private readonly ChatSession _session;

    public ChatSessionTests()
    {
        CommandTerminal terminal = new(TextReader.Null, _out, _error);
        _session = new ChatSession(_request, Ask, new TextReplyWriter(terminal), terminal, _clock);
    }

    public void Dispose() => _session.Dispose();

    [Fact]
    public async Task CommandsChangeTheModeOfWhatFollows()
    {
        await Run("a", "/no_think", "b", "/think", "c", "", "/exit", "d");
        Assert.Equal([("a", Mode.Unspecified), ("b", Mode.Fast), ("c", Mode.Deep)], _asked.Select(call => (call.Question, call.Mode)));
    }

    [Fact]
    public async Task ClearForgetsAllButTheSystemsMessage()
    {
        await Run("a", "b", "/clear", "c");
        Assert.Equal([1, 2, 1], _asked.Select(call => call.Messages));
    }

    [Fact]
    public async Task AFullContextIsToldOfTheWayOut()
    {
        CommandTerminal terminal = new(TextReader.Null, _out, _error) { IsInteractive = true };
        using ChatSession session = new(_request, Refuse, new TextReplyWriter(terminal), terminal, _clock);
        Queue<string?> lines = new(["a", "b", null]);
        await session.RunAsync(() =>
        {
            // Before the second line there is a conversation to forget.
            if (lines.Count == 2)
            {
                _request.Messages.Add(new Message { Role = Role.User, Content = "a" });
            }

            return lines.Dequeue();
        });

        string[] told = _error.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal([false, true], told.Select(line => line.EndsWith("too long. /clear forgets the conversation.", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("/think", "thinks before answering")]
    [InlineData("/no_think", "answers at once")]
    [InlineData("/clear", "forgotten")]
    [InlineData("/help", "/no_think")]
    [InlineData("/frobnicate", "There is no command /frobnicate")]
    public async Task AnswersCommandsItself(string command, string text)
    {
        await Run(command);
        Assert.Empty(_asked);
        Assert.Contains(text, _error.ToString());
    }

    [Fact]
    public async Task AMessageMayBeginWithASlash()
    {
        await Run("/etc/passwd is what?", "2+2 /no_think");
        Assert.Equal(["/etc/passwd is what?", "2+2 /no_think"], _asked.Select(call => call.Question));
    }

    [Fact]
    public async Task TheWaitForTheFirstTokenIsTheClients()
    {
        Assert.Equal(ExitCode.Success, await _session.AskOnceAsync("a"));
        Assert.Contains("first token 30 ms", _error.ToString());
    }

    private static async IAsyncEnumerable<ReplyEvent> Refuse(string question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        var details = new Google.Rpc.Status { Code = (int)StatusCode.InvalidArgument, Message = "messages: too long." };
        details.Details.Add(Any.Pack(new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "messages" } } }));
        if (question.Length > 0)
        {
            throw new Qwen3ClientException(details.ToRpcException());
        }

        yield break;
    }

    private async Task Run(params string[] lines)
    {
        Queue<string> queue = new(lines);
        Assert.Equal(ExitCode.Success, await _session.RunAsync(() => queue.TryDequeue(out string? line) ? line : null));
    }

    private async IAsyncEnumerable<ReplyEvent> Ask(string question, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        _asked.Add((question, _request.Mode, _request.Messages.Count));
        yield return ScriptedReply.Started;
        _clock.Advance(TimeSpan.FromMilliseconds(30));
        yield return ScriptedReply.Answer("fine");
        _clock.Advance(TimeSpan.FromMilliseconds(300));
        yield return ScriptedReply.Finished;
        _request.Messages.Add(new Message { Role = Role.User, Content = question });
    }
}
