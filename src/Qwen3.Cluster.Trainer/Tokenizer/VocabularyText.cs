using System.Text.RegularExpressions;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Data;

namespace Qwen3.Cluster.Trainer.Tokenizer;

/// <summary>The text that a tokenizer is made from: conversations of the kind that the model is trained on, without their special tokens.</summary>
internal static partial class VocabularyText
{
    /// <summary>Enough that every phrase occurs, the rarest some dozens of times.</summary>
    private const int ConversationCount = 20_000;

    /// <summary>The texts: a function of seed and mixture.</summary>
    public static IEnumerable<string> Generate(ulong seed, Mixture mixture)
    {
        ChatTemplate template = new(ChatTemplateVariant.July2025);
        for (ulong i = 0; i < ConversationCount; i++)
        {
            Conversation conversation = ConversationSource.Make(mixture, new SeededRandom(seed, RandomStream.Vocabulary, i));
            (string prompt, string reply) = SampleEncoder.Render(template, conversation);
            string close = conversation.Form == ReplyForm.ThinkingCut ? ThinkingTags.CloseText : "";
            foreach (string text in SpecialToken().Split(prompt + reply + close))
            {
                yield return text;
            }
        }
    }

    [GeneratedRegex(@"<\|im_start\|>|<\|im_end\|>|<\|endoftext\|>|</?think>")]
    private static partial Regex SpecialToken();
}
