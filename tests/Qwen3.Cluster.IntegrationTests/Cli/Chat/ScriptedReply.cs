using Google.Protobuf.WellKnownTypes;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.IntegrationTests.Cli.Chat;

/// <summary>Events as a server sends them.</summary>
internal static class ScriptedReply
{
    public static ReplyEvent Started => new() { Started = new ReplyStarted { RequestId = "r-1", Model = "tiny", PromptTokens = 9, Seed = 7 } };

    public static ReplyEvent Finished => new()
    {
        Finished = new ReplyFinished
        {
            Reason = FinishReason.Stop,
            Usage = new Usage
            {
                PromptTokens = 9,
                ReplyTokens = 5,
                ThinkingTokens = 2,
                ThinkingSteps = 1,
                ThinkingEnd = ThinkingEnd.Model,
                TimeToFirstToken = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(10)),
                Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(50)),
            },
        },
    };

    public static ReplyEvent Thinking(string text) => new() { Delta = new ReplyDelta { Part = ReplyPart.Thinking, Text = text } };

    public static ReplyEvent Answer(string text) => new() { Delta = new ReplyDelta { Part = ReplyPart.Answer, Text = text } };
}
