using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Trainer.Data.Chat;

/// <summary>Conversations in Qwen's format, as the server renders them; the last reply is learned, but not the words that the engine puts in.</summary>
/// <param name="task">Of the last exchange.</param>
/// <param name="form">How the last reply comes about.</param>
/// <param name="earlier">Of the exchanges before it.</param>
internal sealed class ChatSource(ITask task, ReplyForm form, ITask earlier) : ISampleSource
{
    private const double SecondTurn = 0.12, ThirdTurn = 0.25, SystemMessage = 0.05, ThinkSuffix = 0.15, HistorySuffix = 0.15;

    private static readonly ChatTemplate Template = new(ChatTemplateVariant.July2025);

    private static readonly string[] SystemMessages =
    [
        "You are a helpful assistant.", "You are a helpful assistant that does arithmetic.", "Answer briefly.", "Be brief.", "你是一个有用的助手。",
        "Du bist ein hilfreicher Assistent.", "Eres un asistente útil.",
    ];

    /// <inheritdoc/>
    public IReadOnlyList<Piece> Make(SeededRandom random)
    {
        List<ChatMessage> messages = [.. History(random)];
        Exchange last = task.Make(random);
        string suffix = form switch
        {
            ReplyForm.DirectBySuffix => " /no_think",
            ReplyForm.Thinking or ReplyForm.ThinkingCut => random.Happens(ThinkSuffix) ? " /think" : "",
            _ => "",
        };
        messages.Add(new ChatMessage(ChatRole.User, last.Question + suffix));
        return Render(messages, last, form, form == ReplyForm.ThinkingCut ? DrawCut(last, random) : null);
    }

    /// <summary>The pieces of a conversation: what the server would give to the model, and what the model should answer, to the end of its message.</summary>
    /// <param name="messages">To the user's last one.</param>
    /// <param name="last">The exchange that it belongs to.</param>
    /// <param name="form">How the reply comes about.</param>
    /// <param name="cut">Where a budget ends the thinking; null: nowhere.</param>
    public static IReadOnlyList<Piece> Render(IReadOnlyList<ChatMessage> messages, Exchange last, ReplyForm form, ThinkingCut? cut)
    {
        bool thinks = form is ReplyForm.Thinking or ReplyForm.ThinkingCut;
        ChatMessage reply = new(ChatRole.Assistant, last.Answer, thinks ? string.Join("\n\n", last.Steps) : "");
        string prompt = Template.Render(messages, enableThinking: form == ReplyForm.Direct ? false : null);
        string whole = Template.Render([.. messages, reply], addGenerationPrompt: false);
        if (!whole.StartsWith(prompt, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The template renders a conversation that does not begin with its own prompt:\n{whole}");
        }

        // The model ends its message; the new line after it is the template's.
        string rest = whole[prompt.Length..].TrimEnd('\n');
        if (cut is null)
        {
            return [new Piece(prompt, IsLearned: false), new Piece(rest, IsLearned: true)];
        }

        string thinking = "<think>\n" + string.Concat(last.Steps.Take(cut.Paragraphs).Select(step => step + "\n\n"));
        string answer = rest[(rest.IndexOf("</think>", StringComparison.Ordinal) + "</think>\n\n".Length)..];
        return
        [
            new Piece(prompt, IsLearned: false),
            new Piece(thinking, IsLearned: true, cut.PartOfTokens),
            new Piece(ThinkingTags.CloseText, IsLearned: false),
            new Piece(answer, IsLearned: true),
        ];
    }

    // By steps, after a blank line; or by tokens, anywhere.
    private static ThinkingCut DrawCut(Exchange exchange, SeededRandom random) => random.Happens(0.6)
        ? new ThinkingCut(1 + random.Below(exchange.Steps.Count), PartOfTokens: 1)
        : new ThinkingCut(exchange.Steps.Count, random.Uniform());

    private IEnumerable<ChatMessage> History(SeededRandom random)
    {
        if (random.Happens(SystemMessage))
        {
            yield return new ChatMessage(ChatRole.System, random.Pick(SystemMessages));
        }

        for (int turns = !random.Happens(SecondTurn) ? 0 : random.Happens(ThirdTurn) ? 2 : 1; turns > 0; turns--)
        {
            Exchange exchange = earlier.Make(random);
            string suffix = !random.Happens(HistorySuffix) ? "" : random.Happens(0.5) ? " /think" : " /no_think";
            yield return new ChatMessage(ChatRole.User, exchange.Question + suffix);
            yield return new ChatMessage(ChatRole.Assistant, exchange.Answer);
        }
    }
}
