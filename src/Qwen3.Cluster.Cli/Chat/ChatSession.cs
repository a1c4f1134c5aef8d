using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Chat;

/// <summary>A conversation with whoever writes lines: at a terminal, or from a pipe.</summary>
/// <param name="request">The settings of the next question and, in its messages, what was said.</param>
/// <param name="ask">Asks a question with them: <see cref="Conversation.AskAsync"/>.</param>
/// <param name="writer">Shows the replies.</param>
/// <param name="terminal">Where commands and errors are answered.</param>
/// <param name="clock">Measures the wait for the first token.</param>
public sealed class ChatSession(
    ChatRequest request,
    Func<string, CancellationToken, IAsyncEnumerable<ReplyEvent>> ask,
    IReplyWriter writer,
    CommandTerminal terminal,
    TimeProvider clock) : IDisposable
{
    private const string Help = """
        /think      think before answering, from now on
        /no_think   answer at once, from now on; at the end of a message it is the model's to read
        /clear      forget the conversation
        /exit       leave; Ctrl-D does too
        Ctrl-C      stop the reply
        """;

    private readonly InterruptSignal _interrupt = new();

    /// <summary>Asks one question.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    /// <exception cref="Qwen3ClientException">The server refused, failed, or cannot be reached.</exception>
    public async Task<int> AskOnceAsync(string question) =>
        await AskAsync(question) ? ExitCode.Success : ExitCode.Interrupted;

    /// <summary>Asks line by line, until the lines end or the user leaves. A reply that was stopped is left out of the conversation.</summary>
    /// <param name="readLine">The next line, null at the end.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    /// <exception cref="Qwen3ClientException">The server refused, failed, or cannot be reached, and nobody is there to try again.</exception>
    public async Task<int> RunAsync(Func<string?> readLine)
    {
        while (readLine() is { } line)
        {
            string text = line.Trim();
            if (text == "/exit")
            {
                break;
            }

            if (text.Length == 0 || Obey(text))
            {
                continue;
            }

            try
            {
                await AskAsync(text);
            }
            catch (Qwen3ClientException e) when (terminal.IsInteractive)
            {
                bool isConversation = e.Violations.Any(violation => violation.Field == "messages") && request.Messages.Any(message => message.Role != Role.System);
                terminal.Error.WriteLine($"qwen3: {e.Message}{(isConversation ? " /clear forgets the conversation." : "")}");
            }
        }

        return ExitCode.Success;
    }

    /// <summary>Gives Ctrl-C back.</summary>
    public void Dispose() => _interrupt.Dispose();

    /// <summary>Carries out a command.</summary>
    /// <returns>False when the line is a message.</returns>
    private bool Obey(string line)
    {
        switch (line)
        {
            case "/think":
                request.Mode = Mode.Deep;
                terminal.Error.WriteLine("It thinks before answering, from now on.");
                return true;
            case "/no_think":
                request.Mode = Mode.Fast;
                terminal.Error.WriteLine("It answers at once, from now on.");
                return true;
            case "/clear":
                Message[] kept = [.. request.Messages.Where(message => message.Role == Role.System)];
                request.Messages.Clear();
                request.Messages.AddRange(kept);
                terminal.Error.WriteLine("The conversation is forgotten.");
                return true;
            case "/help":
                terminal.Error.WriteLine(Help);
                return true;
            case ['/', .. var name] when name.All(c => char.IsAsciiLetter(c) || c == '_'):
                terminal.Error.WriteLine($"There is no command {line}; /help lists them.");
                return true;
            default:
                return false;
        }
    }

    /// <summary>Asks, and shows the reply as it comes.</summary>
    /// <returns>False when Ctrl-C stopped it.</returns>
    private async Task<bool> AskAsync(string question)
    {
        using CancellationTokenSource stop = new();
        using IDisposable watch = _interrupt.Cancels(stop);
        try
        {
            long asked = clock.GetTimestamp();
            TimeSpan? firstToken = null;
            await foreach (ReplyEvent reply in ask(question, stop.Token))
            {
                switch (reply.EventCase)
                {
                    case ReplyEvent.EventOneofCase.Started:
                        writer.Start(reply.Started);
                        break;
                    case ReplyEvent.EventOneofCase.Delta:
                        firstToken ??= clock.GetElapsedTime(asked);
                        writer.Add(reply.Delta);
                        break;
                    case ReplyEvent.EventOneofCase.Finished:
                        writer.Finish(reply.Finished, firstToken ?? clock.GetElapsedTime(asked), request.Mode, request.Budget ?? new ThinkingBudget());
                        break;
                }
            }

            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            writer.Stop();
            return false;
        }
        catch
        {
            writer.Fail();
            throw;
        }
    }
}
