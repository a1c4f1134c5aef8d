using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Chat;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Data.Chat;

public class ChatSourceTests
{
    private static readonly Qwen3Tokenizer Tokenizer = Qwen3Tokenizer.Load(EmbeddedModel.Directory);
    private static readonly SampleEncoder Encoder = new(Tokenizer);

    [Fact]
    public void OnlyTheReplyIsLearned()
    {
        Sample sample = Make(ReplyForm.Direct);
        Assert.Equal("<|im_start|>user\nWhat is 1 + 2?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n3<|im_end|>", Tokenizer.Decode(sample.Ids));
        Assert.Equal("3<|im_end|>", Learned(sample));
        Assert.Equal("<think>\n\n</think>\n\n3<|im_end|>", Learned(Make(ReplyForm.DirectBySuffix)));
        Assert.Equal("<think>\nOne.\n\nTwo.\n</think>\n\n3<|im_end|>", Learned(Make(ReplyForm.Thinking)));
    }

    [Theory]
    [InlineData(1, 1.0, "<think>\nOne.\n\n")]
    [InlineData(2, 1.0, "<think>\nOne.\n\nTwo.\n\n")]
    [InlineData(2, 0.0, "<think>")]
    [InlineData(2, 0.5, null)]
    public void ACutThinkingIsClosedByTheEnginesWords(int paragraphs, double part, string? kept)
    {
        const string Answer = "3<|im_end|>";
        Sample sample = Make(ReplyForm.ThinkingCut, new ThinkingCut(paragraphs, part));
        string learned = Learned(sample);
        Assert.EndsWith(Answer, learned);
        string thinking = learned[..^Answer.Length];
        Assert.StartsWith(thinking, "<think>\nOne.\n\nTwo.\n\n");
        Assert.Equal(kept ?? thinking, thinking);
        Assert.EndsWith(thinking + ThinkingTags.CloseText + Answer, Tokenizer.Decode(sample.Ids));
    }

    // A budget may come down on the model after any of its steps, so it has to have seen that.
    [Fact]
    public void CutsFallAfterEveryStepAndWithin()
    {
        ChatSource source = new(new StepsTask(), ReplyForm.ThinkingCut, new StepsTask());
        string[] kept = [.. Enumerable.Range(0, 300).Select(i => source.Make(new SeededRandom(1, RandomStream.Training, (ulong)i))[1]).Select(piece => piece.Kept < 1 ? "" : piece.Text).Distinct()];
        Assert.Equal(["", "<think>\nA.\n\n", "<think>\nA.\n\nB.\n\n", "<think>\nA.\n\nB.\n\nC.\n\n"], kept.Order(StringComparer.Ordinal));
    }

    private static Sample Make(ReplyForm form, ThinkingCut? cut = null) => Encoder.Encode(ChatSource.Render(
        [new ChatMessage(ChatRole.User, "What is 1 + 2?")], new Exchange("What is 1 + 2?", ["One.", "Two."], "3"), form, cut));

    private static string Learned(Sample sample) => Tokenizer.Decode([.. sample.Ids.Where((_, i) => sample.IsLearned[i])]);

    private sealed class StepsTask : ITask
    {
        public Exchange Make(SeededRandom random) => new("?", ["A.", "B.", "C."], "3");
    }
}
