using Grpc.Core;
using Qwen3.Cluster.Cli.Evaluation.Questions;
using Qwen3.Cluster.Cli.Evaluation.Results;
using Qwen3.Cluster.Cli.Evaluation.Settings;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Evaluation;

/// <summary>
/// Asks every question in every setting, one setting after the other so that they do not slow each other, and scores the replies. What a request is refused or fails
/// with is a result too, unless it would be the same for all.
/// </summary>
/// <param name="questions">What is asked.</param>
/// <param name="settings">How.</param>
/// <param name="template">What all requests have in common: the model and the sampling, with the seed of the first sample.</param>
/// <param name="samples">Replies to a question in a setting.</param>
/// <param name="concurrency">Questions at a time.</param>
/// <param name="ask">Asks: <see cref="Qwen3Client.ChatAsync(ChatRequest, CancellationToken)"/>.</param>
/// <param name="clock">Measures the latency.</param>
public sealed class EvalRun(
    IReadOnlyList<EvalQuestion> questions,
    IReadOnlyList<EvalSetting> settings,
    ChatRequest template,
    int samples,
    int concurrency,
    Func<ChatRequest, CancellationToken, IAsyncEnumerable<ReplyEvent>> ask,
    TimeProvider clock)
{
    /// <summary>Replies in all.</summary>
    public int Total => questions.Count * samples * settings.Count;

    /// <summary>Runs, or goes on.</summary>
    /// <param name="results">What is there already, and receives what comes.</param>
    /// <param name="store">Receives each new result too, before the next.</param>
    /// <param name="progress">Shows how far it is.</param>
    /// <param name="cancellationToken">Stops it: replies in progress are left out.</param>
    /// <exception cref="Qwen3ClientException">The server cannot be reached, or refuses what all requests have in common.</exception>
    public async Task RunAsync(List<EvalResult> results, Action<EvalResult> store, IEvalProgress progress, CancellationToken cancellationToken)
    {
        HashSet<ResultKey> done = [.. results.Select(result => result.Key)];
        Lock writing = new();
        foreach (EvalSetting setting in settings)
        {
            (EvalQuestion Question, int Sample)[] open =
            [
                .. from question in questions
                   from sample in Enumerable.Range(0, samples)
                   where !done.Contains(new ResultKey(setting.Name, question.Id, sample))
                   select (question, sample),
            ];
            progress.Begin(setting, (questions.Count * samples) - open.Length, questions.Count * samples);
            ParallelOptions options = new() { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(open, options, async (item, stop) =>
            {
                EvalResult result = await AskAsync(item.Question, setting, item.Sample, stop);
                lock (writing)
                {
                    store(result);
                    results.Add(result);
                    progress.Advance();
                }
            });
            progress.End(results.Where(result => result.Setting == setting.Name).Average(result => result.IsRight ? 1.0 : 0));
        }
    }

    private async Task<EvalResult> AskAsync(EvalQuestion question, EvalSetting setting, int sample, CancellationToken cancellationToken)
    {
        ChatRequest request = template.Clone();
        request.Messages.Add(new Message { Role = Role.User, Content = question.Prompt });
        request.Mode = setting.Mode;
        request.Budget = setting.ToBudget();
        request.Sampling.Seed = unchecked(request.Sampling.Seed + (ulong)sample);
        long asked = clock.GetTimestamp();
        Reply reply;
        try
        {
            reply = await ask(request, cancellationToken).ToReplyAsync(cancellationToken: cancellationToken);
        }
        catch (Qwen3ClientException e) when (e.StatusCode is StatusCode.ResourceExhausted or StatusCode.Internal or StatusCode.DeadlineExceeded)
        {
            return new EvalResult(
                setting.Name, question.Id, sample, question.Group, question.Task, false, "", clock.GetElapsedTime(asked).TotalSeconds, 0, 0, 0, "", "", "", e.Message);
        }

        double seconds = clock.GetElapsedTime(asked).TotalSeconds;
        bool isRight = await question.Scorer.IsRightAsync(reply.Answer, cancellationToken);
        Usage usage = reply.Finish.Usage;
        return new EvalResult(
            setting.Name,
            question.Id,
            sample,
            question.Group,
            question.Task,
            isRight,
            reply.Answer.Trim(),
            seconds,
            usage.ThinkingTokens,
            usage.ReplyTokens,
            usage.DroppedTokens,
            usage.Mode switch { Mode.Fast => "fast", Mode.Deep => "deep", _ => "" },
            usage.ThinkingEnd == ThinkingEnd.Unspecified ? "" : usage.ThinkingEnd.ToString().ToLowerInvariant(),
            reply.Finish.Reason.ToString().ToLowerInvariant(),
            Error: null);
    }
}
