using Qwen3.Cluster.Cli.Chat;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Chat;

public class TextReplyWriterTests
{
    private readonly StringWriter _out = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };
    private readonly TextReplyWriter _writer;

    public TextReplyWriterTests() => _writer = new TextReplyWriter(new CommandTerminal(TextReader.Null, _out, _error));

    [Fact]
    public void KeepsTheAnswerAloneOnTheStandardOutput()
    {
        Show(
            ScriptedReply.Started,
            ScriptedReply.Thinking("\n47 + 38\n"),
            ScriptedReply.Thinking("is 85."),
            ScriptedReply.Answer("\n\n85"),
            ScriptedReply.Answer("."),
            ScriptedReply.Finished);

        Assert.Equal("85.\n", _out.ToString());
        Assert.StartsWith("<think>\n47 + 38\nis 85.\n</think>\n\n5 tokens · ", _error.ToString());
    }

    [Fact]
    public void AThoughtThatIsNotFinishedStillEndsItsLine()
    {
        Show(ScriptedReply.Started, ScriptedReply.Thinking("47 +"));
        _writer.Stop();

        Assert.Empty(_out.ToString());
        Assert.Equal("<think>\n47 +\n</think>\n\nstopped\n", _error.ToString());
    }

    [Fact]
    public void ThoughtsOfOneReplyDoNotReachIntoTheNext()
    {
        Show(ScriptedReply.Started, ScriptedReply.Thinking("a"));
        _writer.Fail();
        _error.GetStringBuilder().Clear();
        Show(ScriptedReply.Started, ScriptedReply.Answer("b"), ScriptedReply.Finished);

        Assert.DoesNotContain("think>", _error.ToString());
        Assert.Equal("b\n", _out.ToString());
    }

    [Fact]
    public void AModelCannotSteerTheTerminal()
    {
        CommandTerminal screen = new(TextReader.Null, _out, _error) { OutIsScreen = true, ErrorIsScreen = true };
        Show(new TextReplyWriter(screen), ScriptedReply.Started, ScriptedReply.Thinking("\u001b[2J"), ScriptedReply.Answer("a\u001b[2Jb\tc\r\nd\a"));
        Assert.Equal("a\uFFFD[2Jb\tc\uFFFD\nd\uFFFD", _out.ToString());
        Assert.Equal("<think>\n\uFFFD[2J\n</think>\n\n", _error.ToString());
    }

    [Fact]
    public void AFileOrAPipeGetsTheTextAsItIs()
    {
        Show(ScriptedReply.Started, ScriptedReply.Thinking("\u001b[2J"), ScriptedReply.Answer("a\u001b[2Jb\tc\r\nd\a"));
        Assert.Equal("a\u001b[2Jb\tc\r\nd\a", _out.ToString());
        Assert.Equal("<think>\n\u001b[2J\n</think>\n\n", _error.ToString());
    }

    private void Show(params ReplyEvent[] events) => Show(_writer, events);

    private static void Show(TextReplyWriter writer, params ReplyEvent[] events)
    {
        foreach (ReplyEvent reply in events)
        {
            switch (reply.EventCase)
            {
                case ReplyEvent.EventOneofCase.Started:
                    writer.Start(reply.Started);
                    break;
                case ReplyEvent.EventOneofCase.Delta:
                    writer.Add(reply.Delta);
                    break;
                default:
                    writer.Finish(reply.Finished, TimeSpan.FromMilliseconds(12), Mode.Unspecified, new ThinkingBudget());
                    break;
            }
        }
    }
}
