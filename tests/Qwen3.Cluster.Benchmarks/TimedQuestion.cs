using System.Diagnostics;
using System.Text;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>A sum for the embedded model, to be answered within a time.</summary>
/// <param name="Arrival">When it is asked, from the start of the load.</param>
/// <param name="First">The first number.</param>
/// <param name="Second">The second number.</param>
/// <param name="ResponseTime">How soon the answer is wanted.</param>
internal sealed record TimedQuestion(TimeSpan Arrival, int First, int Second, TimeSpan ResponseTime)
{
    /// <summary>Questions that come by chance, so many a second, with response times from 0.5 to 30 s, as many short ones as long ones by their logarithm.</summary>
    public static List<TimedQuestion> Poisson(Random random, double perSecond, TimeSpan duration)
    {
        var questions = new List<TimedQuestion>();
        for (double at = 0; (at -= Math.Log(1 - random.NextDouble()) / perSecond) < duration.TotalSeconds;)
        {
            questions.Add(new TimedQuestion(
                TimeSpan.FromSeconds(at), random.Next(1000), random.Next(1000), TimeSpan.FromSeconds(0.5 * Math.Pow(60, random.NextDouble()))));
        }

        return questions;
    }

    /// <summary>Asks it, with thinking.</summary>
    /// <param name="silo">Who answers.</param>
    /// <param name="told">Whether the server is told the response time; else it answers first come, first served, and the client gives up in time.</param>
    public async Task<TimedAnswer> Ask(BenchmarkSilo silo, bool told)
    {
        long started = Stopwatch.GetTimestamp();
        using var giveUp = new CancellationTokenSource(told ? Timeout.InfiniteTimeSpan : ResponseTime);
        var call = new ChatCall
        {
            Messages = [new ChatMessage { Role = ChatRole.User, Content = $"What is {First} + {Second}?" }],
            Mode = ReplyMode.Deep,
            Sampling = new SamplingSettings { Temperature = 0, Seed = 1, MaxTokens = 512 },
            Budget = new BudgetSettings { ResponseTime = told ? ResponseTime : null },
        };
        var text = new StringBuilder();
        ReplyFinished? end = null;
        try
        {
            await foreach (ReplyEvent reply in silo.Gateway().Chat(call, giveUp.Token).WithCancellation(giveUp.Token))
            {
                if (reply is ReplyDelta { Part: ReplyPart.Answer } delta)
                {
                    text.Append(delta.Text);
                }

                end ??= reply as ReplyFinished;
            }
        }
        catch (Exception exception) when (exception is ResponseTimeException or QueueFullException)
        {
            return new TimedAnswer(IsAdmitted: false, Late: TimeSpan.Zero, IsRight: false, End: null);
        }
        catch (OperationCanceledException)
        {
            // It gave up.
        }

        TimeSpan late = Stopwatch.GetElapsedTime(started) - ResponseTime;
        bool isRight = end is not null && text.ToString().Trim() == $"{First + Second}";
        return new TimedAnswer(IsAdmitted: true, late, isRight, end);
    }
}
