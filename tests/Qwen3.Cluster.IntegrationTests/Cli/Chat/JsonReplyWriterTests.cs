using System.Text.Json;
using Qwen3.Cluster.Cli.Chat;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Chat;

public class JsonReplyWriterTests
{
    [Fact]
    public void WritesAnEventALineInTheFieldsOfTheProto()
    {
        StringWriter output = new() { NewLine = "\n" };
        JsonReplyWriter writer = new(output);
        writer.Start(ScriptedReply.Started.Started);
        writer.Add(ScriptedReply.Answer("a\nb").Delta);
        writer.Finish(ScriptedReply.Finished.Finished, TimeSpan.Zero, Mode.Unspecified, new ThinkingBudget());

        JsonElement[] lines = [.. output.ToString().TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(3, lines.Length);
        Assert.Equal("7", lines[0].GetProperty("started").GetProperty("seed").GetString());
        Assert.Equal(9, lines[0].GetProperty("started").GetProperty("prompt_tokens").GetInt32());
        Assert.Equal("REPLY_PART_ANSWER", lines[1].GetProperty("delta").GetProperty("part").GetString());
        Assert.Equal("a\nb", lines[1].GetProperty("delta").GetProperty("text").GetString());
        Assert.Equal("FINISH_REASON_STOP", lines[2].GetProperty("finished").GetProperty("reason").GetString());
        Assert.Equal("0.010s", lines[2].GetProperty("finished").GetProperty("usage").GetProperty("time_to_first_token").GetString());
    }

    [Fact]
    public void AStoppedReplyHasItsEndToo()
    {
        StringWriter output = new();
        JsonReplyWriter writer = new(output);
        writer.Stop();
        JsonElement finished = JsonDocument.Parse(output.ToString()).RootElement.GetProperty("finished");
        Assert.Equal("FINISH_REASON_CANCELLED", finished.GetProperty("reason").GetString());
    }
}
