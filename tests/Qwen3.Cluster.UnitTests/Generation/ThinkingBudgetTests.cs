using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class ThinkingBudgetTests
{
    /// <summary>Whatever the model wants, the limits hold to the token, the tags come once, and the close is whole or not there.</summary>
    [Fact]
    public void Random_streams_keep_to_their_limits()
    {
        Random random = new(17);
        ThinkingTags tags = ThinkingTags.Of(TinyTokenizer.Thinking)!;
        HashSet<ThinkingEnd> ends = [];
        for (int round = 0; round < 5000; round++)
        {
            ThinkingLimits limits = new()
            {
                MaxSteps = random.Next(2) == 0 ? random.Next(1, 5) : null, MaxTokens = random.Next(2) == 0 ? random.Next(0, 25) : null,
            };
            bool startsInThinking = random.Next(2) == 0;
            int timeIsUpAt = random.Next(3) == 0 ? random.Next(40) : int.MaxValue;
            ThinkingBudget budget = new(limits, tags, startsInThinking);
            List<(int Token, ReplyPart Part, bool Forced)> reply = [];
            while (reply.Count < 60)
            {
                int chosen = RandomToken(random);
                if (budget.BannedTokens.Contains(chosen))
                {
                    continue;
                }

                bool close = budget.MustClose(chosen, timeIsUp: reply.Count >= timeIsUpAt);
                foreach (int token in close ? tags.Close : [chosen])
                {
                    reply.Add((token, budget.Accept(token, TinyTokenizer.Thinking.TokenBytes(token), close), close));
                }
            }

            int[] tokens = [.. reply.Select(entry => entry.Token)];
            int end = Array.IndexOf(tokens, tags.End);
            Assert.True(tokens.Count(token => token == tags.Start) <= (startsInThinking ? 0 : 1));
            Assert.True(tokens.Count(token => token == tags.End) <= 1);
            int start = startsInThinking ? 0 : Array.IndexOf(tokens, tags.Start) + 1;
            bool thought = startsInThinking || start > 0;
            int stop = thought && end >= 0 ? end : thought ? tokens.Length : start;
            int[] own = [.. reply[start..Math.Max(start, stop)].Where(entry => !entry.Forced).Select(entry => entry.Token)];
            (int begun, int closed) = Paragraphs(own);
            Assert.Equal(own.Length, budget.Tokens);
            Assert.Equal(begun, budget.Steps);
            Assert.True(own.Length <= (limits.MaxTokens ?? int.MaxValue));
            Assert.True(begun <= (limits.MaxSteps ?? int.MaxValue));
            int forced = reply.Count(entry => entry.Forced);
            Assert.Equal(forced > 0 ? tags.Close.Length : 0, forced);
            if (forced > 0)
            {
                // It went in at the first moment that it could.
                int closedAt = reply.FindIndex(entry => entry.Forced);
                Assert.Equal(
                    closed == limits.MaxSteps ? ThinkingEnd.Steps : own.Length == limits.MaxTokens ? ThinkingEnd.Tokens : ThinkingEnd.Time,
                    budget.End);
                Assert.True(budget.End != ThinkingEnd.Time || closedAt == Math.Max(timeIsUpAt, start));
                Assert.NotEqual(limits.MaxSteps, Paragraphs(own.SkipLast(1)).Closed);
                Assert.Equal(tags.Close, reply.SkipWhile(entry => !entry.Forced).TakeWhile(entry => entry.Forced).Select(entry => entry.Token));
            }
            else
            {
                Assert.Equal(thought && end >= 0 && end >= start ? ThinkingEnd.Model : ThinkingEnd.None, budget.End);
            }

            Assert.All(reply.Index(), x => Assert.Equal(thought && x.Index >= start - 1 && x.Index <= stop ? ReplyPart.Thinking : ReplyPart.Answer, x.Item.Part));
            ends.Add(budget.End);
        }

        Assert.Equal(5, ends.Count);
    }

    [Fact]
    public void The_model_may_close_at_the_very_limit()
    {
        ThinkingTags tags = ThinkingTags.Of(TinyTokenizer.Thinking)!;
        ThinkingBudget budget = new(new ThinkingLimits { MaxTokens = 1 }, tags, startsInThinking: true);
        Assert.False(budget.MustClose('a'));
        budget.Accept('a', "a"u8, forced: false);

        Assert.True(budget.MustClose('b'));
        Assert.False(budget.MustClose(tags.End));
    }

    [Fact]
    public void The_close_holds_the_designs_words_and_one_closing_tag()
    {
        ThinkingTags tags = ThinkingTags.Of(TinyTokenizer.Thinking)!;

        Assert.Equal(
            "\n\nConsidering the limited time by the user, I have to give the solution based on the thinking directly now.\n</think>\n\n",
            TinyTokenizer.Thinking.Decode(tags.Close));
        Assert.Single(tags.Close, tags.End);
        Assert.Null(ThinkingTags.Of(TinyTokenizer.Plain));
    }

    private static int RandomToken(Random random) => random.Next(12) switch
    {
        0 => TinyTokenizer.BlankLine,
        1 => TinyTokenizer.PointBlankLine,
        2 or 3 => '\n',
        4 when random.Next(3) == 0 => TinyTokenizer.ThinkEnd,
        5 when random.Next(3) == 0 => TinyTokenizer.ThinkStart,
        6 => ' ',
        _ => 'a' + random.Next(26),
    };

    /// <summary>Paragraphs of the whole text: runs of lines that hold something.</summary>
    private static (int Begun, int Closed) Paragraphs(IEnumerable<int> tokens)
    {
        string[] lines = TinyTokenizer.Thinking.Decode(tokens.ToArray()).Split('\n');
        int begun = 0;
        int closed = 0;
        bool open = false;
        for (int i = 0; i < lines.Length; i++)
        {
            bool blank = string.IsNullOrWhiteSpace(lines[i]);
            // The last line has not ended: it closes nothing yet.
            if (blank && open && i < lines.Length - 1)
            {
                closed++;
                open = false;
            }
            else if (!blank && !open)
            {
                begun++;
                open = true;
            }
        }

        return (begun, closed);
    }
}
