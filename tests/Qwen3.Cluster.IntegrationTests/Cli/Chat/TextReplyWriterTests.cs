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
        Show(ScriptedReply.Started, ScriptedReply.Answer("a\u001b[2Jb\tc\nd\a"));
        Assert.Equal("a\uFFFD[2Jb\tc\nd\uFFFD", _out.ToString());
    }

    private void Show(params ReplyEvent[] events)
    {
        foreach (ReplyEvent reply in events)
        {
            switch (reply.EventCase)
            {
                case ReplyEvent.EventOneofCase.Started:
                    _writer.Start(reply.Started);
                    break;
                case ReplyEvent.EventOneofCase.Delta:
                    _writer.Add(reply.Delta);
                    break;
                default:
                    _writer.Finish(reply.Finished, TimeSpan.FromMilliseconds(12), new ThinkingBudget());
                    break;
            }
        }
    }
}
