using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Tokenizer;

namespace Qwen3.Cluster.Trainer.Data;

/// <summary>
/// Writes conversations as the server does: the prompt by the chat template, then the reply, each encoded on its own. Of the reply all is
/// learned but the words that the engine puts in where a budget ends the thinking.
/// </summary>
internal sealed class SampleEncoder(Qwen3Tokenizer tokenizer, ChatTemplate template)
{
    private readonly ThinkingTags _tags = ThinkingTags.Of(tokenizer)
        ?? throw new ArgumentException("The tokenizer has no tokens for thinking; make it with the trainer.", nameof(tokenizer));

    private readonly int[] _answerStart = tokenizer.Encode("<|im_start|>assistant\n");
    private readonly int _messageEnd = tokenizer.SpecialTokens.ImEnd!.Value;

    /// <summary>The tokens of a conversation.</summary>
    /// <param name="conversation">What to encode.</param>
    /// <param name="learnsEarlierAnswers">
    /// Whether the answers of earlier turns are learned, too; all but their first tokens: the template leaves their thinking out, and where a reply begins
    /// the model is to think.
    /// </param>
    public Sample Encode(Conversation conversation, bool learnsEarlierAnswers)
    {
        (string prompt, string reply) = Render(template, conversation);
        int[] promptIds = tokenizer.Encode(prompt);
        int[] replyIds = tokenizer.Encode(reply);
        Sample sample = conversation.Form == ReplyForm.ThinkingCut
            ? Cut(promptIds, replyIds, conversation.Cut)
            : Join((promptIds, false), (replyIds, true));
        if (learnsEarlierAnswers)
        {
            MarkAnswers(promptIds, sample.IsLearned);
        }

        return sample;
    }

    /// <summary>The texts of a conversation: what the server would give to the model, and what the model should answer, to the end of its message or text.</summary>
    public static (string Prompt, string Reply) Render(ChatTemplate template, Conversation conversation)
    {
        if (conversation.Form == ReplyForm.Plain)
        {
            return (conversation.Reply.Question, conversation.Reply.Answer + QwenAddedTokens.EndOfText);
        }

        bool thinks = conversation.Form is ReplyForm.Thinking or ReplyForm.ThinkingCut;
        ChatMessage reply = new(ChatRole.Assistant, conversation.Reply.Answer, thinks ? string.Join("\n\n", conversation.Reply.Steps) : "");
        string prompt = template.Render(conversation.Messages, enableThinking: conversation.Form == ReplyForm.Direct ? false : null);
        string whole = template.Render([.. conversation.Messages, reply], addGenerationPrompt: false);
        if (!whole.StartsWith(prompt, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The template renders a conversation that does not begin with its own prompt:\n{whole}");
        }

        // The model ends its message; the new line after it is the template's.
        return (prompt, whole[prompt.Length..].TrimEnd('\n'));
    }

    private Sample Cut(int[] prompt, int[] reply, double cut)
    {
        int end = Array.IndexOf(reply, _tags.End);
        int kept = 1 + (int)(cut * (end - 1));

        // The close has the end tag and the blank line after it; the reply goes on behind its own.
        int[] answer = reply[(end + 2)..];
        return Join((prompt, false), (reply[..kept], true), (_tags.Close, false), (answer, true));
    }

    private void MarkAnswers(ReadOnlySpan<int> prompt, bool[] isLearned)
    {
        for (int start = 0; start + _answerStart.Length < prompt.Length; start++)
        {
            if (!prompt[start..].StartsWith(_answerStart))
            {
                continue;
            }

            int first = start + _answerStart.Length;
            int length = prompt[first..].IndexOf(_messageEnd);
            if (length > 0)
            {
                Array.Fill(isLearned, true, first + 1, length);
            }
        }
    }

    private static Sample Join(params ReadOnlySpan<(int[] Ids, bool IsLearned)> parts)
    {
        List<int> ids = [];
        List<bool> isLearned = [];
        foreach ((int[] part, bool learned) in parts)
        {
            ids.AddRange(part);
            isLearned.AddRange(Enumerable.Repeat(learned, part.Length));
        }

        return new Sample([.. ids], [.. isLearned]);
    }
}
