using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.IntegrationTests.Silo;

/// <summary>A small model that guesses next tokens, through the grains.</summary>
public sealed class DraftModelTests
{
    [Fact]
    public async Task AReplyIsTheSameWithADraftModelAndSaysWhatItGuessed()
    {
        await using TestSilo plain = await TestSilo.Start(model => model.Directory = EmbeddedModel.Directory);
        (string expected, ReplyUsage alone) = await Ask(plain, maxDraftTokens: null);
        Assert.Equal((0, 0), (alone.DraftedTokens, alone.AcceptedTokens));

        // The model itself as its own draft: what it guesses comes true.
        await using TestSilo drafting = await TestSilo.Start(model => model.Directory = model.DraftModel = EmbeddedModel.Directory);
        (string text, ReplyUsage usage) = await Ask(drafting, maxDraftTokens: null);
        Assert.Equal(expected, text);
        Assert.InRange(usage.AcceptedTokens, 1, usage.DraftedTokens);

        (text, usage) = await Ask(drafting, maxDraftTokens: 0);
        Assert.Equal((expected, 0), (text, usage.DraftedTokens));
    }

    [Fact]
    public async Task ADraftModelWithAnotherTokenizerIsRefusedInWords()
    {
        await using TestSilo silo = await TestSilo.Start(model => (model.Directory, model.DraftModel) = (EmbeddedModel.Directory, TinyChatModel.Moe.Value));

        var refusal = await Assert.ThrowsAsync<ModelUnavailableException>(() => Ask(silo, maxDraftTokens: null));

        Assert.Contains("take a draft model with the same tokenizer", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<(string Text, ReplyUsage Usage)> Ask(TestSilo silo, int? maxDraftTokens)
    {
        var call = new ChatCall
        {
            Messages = [new ChatMessage { Role = ChatRole.User, Content = "What is 347 + 38?" }],
            Mode = ReplyMode.Deep,
            Sampling = new SamplingSettings { Temperature = 0, MaxTokens = 80 },
            MaxDraftTokens = maxDraftTokens,
        };
        List<ReplyEvent> events = await silo.Gateway().Chat(call, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        return (string.Concat(events.OfType<ReplyDelta>().Select(delta => delta.Text)), events.OfType<ReplyFinished>().Single().Usage);
    }
}
