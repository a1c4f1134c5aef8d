using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Trainer.Data;

/// <summary>Puts exchanges together to conversations of one to three turns, some after a system message, in Qwen's modes.</summary>
internal static class ConversationSource
{
    private const double SecondTurn = 0.2, ThirdTurn = 0.25, SystemMessage = 0.06, ThinkSuffix = 0.15, HistorySuffix = 0.15;

    private static readonly string[] SystemMessages =
    [
        "You are a helpful assistant.",
        "You are a helpful assistant that does arithmetic.",
        "You do sums.",
        "Answer briefly.",
        "Be brief.",
        "你是一个有用的助手。",
    ];

    /// <summary>Makes a conversation: a function of the mixture and the numbers drawn.</summary>
    public static Conversation Make(Mixture mixture, SeededRandom random)
    {
        if (mixture.Drill is { } drill && random.Happens(drill.Share))
        {
            return new Conversation([], drill.Task.Make(random), ReplyForm.Plain, Cut: 0);
        }

        List<ChatMessage> messages = [];
        if (random.Happens(SystemMessage))
        {
            messages.Add(new ChatMessage(ChatRole.System, random.Pick(SystemMessages)));
        }

        int earlier = !random.Happens(SecondTurn) ? 0 : random.Happens(ThirdTurn) ? 2 : 1;
        for (int turn = 0; turn < earlier; turn++)
        {
            Exchange exchange = mixture.DrawTask(random).Make(random);
            string suffix = !random.Happens(HistorySuffix) ? "" : random.Happens(0.5) ? " /think" : " /no_think";
            messages.Add(new ChatMessage(ChatRole.User, exchange.Question + suffix));
            messages.Add(new ChatMessage(ChatRole.Assistant, exchange.Answer));
        }

        ReplyForm form = mixture.DrawForm(random);
        Exchange last = mixture.DrawTask(random).Make(random);
        string ending = form switch
        {
            ReplyForm.DirectBySuffix => " /no_think",
            ReplyForm.Thinking or ReplyForm.ThinkingCut => random.Happens(ThinkSuffix) ? " /think" : "",
            _ => "",
        };
        messages.Add(new ChatMessage(ChatRole.User, last.Question + ending));
        return new Conversation(messages, last, form, random.Uniform());
    }
}
