using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Arithmetic;
using Qwen3.Cluster.Trainer.Data.SmallTalk;
using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Data;

public class BatchSourceTests
{
    private static readonly Qwen3Tokenizer Tokenizer = Qwen3Tokenizer.Load(EmbeddedModel.Directory);
    private static readonly SampleEncoder Encoder = new(Tokenizer, ChatTemplate.Load(EmbeddedModel.Directory));
    private static readonly Mixture Mixture = Curriculum.Embedded.Vocabulary;

    [Fact]
    public void AStepsBatchDependsOnNoOtherStep()
    {
        BatchSource one = new(seed: 1, rowCount: 3, rowLength: 64, Encoder), other = new(seed: 1, rowCount: 3, rowLength: 64, Encoder);
        one.At(0, Mixture, learnsEarlierAnswers: true);
        one.At(1, Mixture, learnsEarlierAnswers: true);
        Batch afterOthers = one.At(2, Mixture, learnsEarlierAnswers: true), alone = other.At(2, Mixture, learnsEarlierAnswers: true);
        Assert.Equal(alone.Ids, afterOthers.Ids);
        Assert.Equal(alone.Targets, afterOthers.Targets);
        Assert.Equal(alone.Segments, afterOthers.Segments);
        Assert.NotEqual(alone.Ids, other.At(3, Mixture, learnsEarlierAnswers: true).Ids);
        Assert.NotEqual(alone.Ids, new BatchSource(seed: 2, rowCount: 3, rowLength: 64, Encoder).At(2, Mixture, learnsEarlierAnswers: true).Ids);
    }

    [Fact]
    public void ATargetIsTheNextTokenOfTheSameSample()
    {
        Batch batch = new BatchSource(seed: 4, rowCount: 4, rowLength: 128, Encoder).At(0, Mixture, learnsEarlierAnswers: true);
        int learned = 0;
        for (int i = 0; i < batch.Ids.Length; i++)
        {
            bool isLast = (i + 1) % batch.RowLength == 0;
            if (batch.Targets[i] != Batch.NoTarget && !isLast)
            {
                learned++;
                Assert.Equal(batch.Ids[i + 1], batch.Targets[i]);
                Assert.Equal(batch.Segments[i + 1], batch.Segments[i]);
            }
        }

        Assert.InRange(learned, batch.Ids.Length / 4, batch.Ids.Length);
    }

    [Fact]
    public void OnlyTheReplyIsLearned()
    {
        Conversation conversation = Make(ReplyForm.Direct);
        Sample sample = Encoder.Encode(conversation, learnsEarlierAnswers: false);
        Assert.Equal(
            "<|im_start|>user\nWhat is 1 + 2?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n1 + 2 = 3.<|im_end|>", Tokenizer.Decode(sample.Ids));
        Assert.Equal("1 + 2 = 3.<|im_end|>", Learned(sample));
        Assert.Equal("<think>\n\n</think>\n\n1 + 2 = 3.<|im_end|>", Learned(Encoder.Encode(Make(ReplyForm.DirectBySuffix), learnsEarlierAnswers: false)));
        Assert.Equal("<think>\nOne.\n\nTwo.\n</think>\n\n1 + 2 = 3.<|im_end|>", Learned(Encoder.Encode(Make(ReplyForm.Thinking), learnsEarlierAnswers: false)));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(0.6)]
    [InlineData(0.999)]
    public void ACutThinkingIsClosedByTheEnginesWords(double cut)
    {
        const string Answer = "1 + 2 = 3.<|im_end|>";
        Sample sample = Encoder.Encode(Make(ReplyForm.ThinkingCut) with { Cut = cut }, learnsEarlierAnswers: false);
        string learned = Learned(sample);
        Assert.StartsWith("<think>", learned);
        Assert.EndsWith(Answer, learned);
        string kept = learned[..^Answer.Length];
        Assert.StartsWith(kept, "<think>\nOne.\n\nTwo.\n");
        Assert.EndsWith(kept + ThinkingTags.CloseText + Answer, Tokenizer.Decode(sample.Ids));
        Assert.Equal(cut > 0, kept.Length > "<think>".Length);
    }

    [Fact]
    public void OfAPlainTextOnlyTheAnswerIsLearned()
    {
        Mixture mixture = new([(new SmallTalkTask(), 1)], [(ReplyForm.Direct, 1)], drill: (new EquationTask(), 1));
        Conversation conversation = ConversationSource.Make(mixture, new SeededRandom(1, RandomStream.Training, 0));
        Sample sample = Encoder.Encode(conversation, learnsEarlierAnswers: true);
        Assert.Equal($"{conversation.Reply.Question}{conversation.Reply.Answer}<|endoftext|>", Tokenizer.Decode(sample.Ids));
        Assert.Equal($"{conversation.Reply.Answer}<|endoftext|>", Learned(sample));
    }

    [Fact]
    public void EarlierAnswersAreLearnedWhereAPhaseSaysSo()
    {
        Conversation conversation = Make(ReplyForm.Direct);
        conversation = conversation with
        {
            Messages = [new ChatMessage(ChatRole.User, "4 + 4"), new ChatMessage(ChatRole.Assistant, "4 + 4 = 8."), .. conversation.Messages],
        };
        Assert.Equal("1 + 2 = 3.<|im_end|>", Learned(Encoder.Encode(conversation, learnsEarlierAnswers: false)));
        Assert.Equal(" + 4 = 8.<|im_end|>1 + 2 = 3.<|im_end|>", Learned(Encoder.Encode(conversation, learnsEarlierAnswers: true)));
    }

    private static Conversation Make(ReplyForm form) => new(
        [new ChatMessage(ChatRole.User, "What is 1 + 2?")], new Exchange("What is 1 + 2?", ["One.", "Two."], "1 + 2 = 3."), form, Cut: 0);

    private static string Learned(Sample sample) => Tokenizer.Decode([.. sample.Ids.Where((_, i) => sample.IsLearned[i])]);
}
