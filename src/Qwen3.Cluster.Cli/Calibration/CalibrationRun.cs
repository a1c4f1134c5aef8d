using Qwen3.Cluster.Cli.Evaluation.Questions;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Calibration;

/// <summary>Asks questions both ways, several at a time; answers come in the order of the questions.</summary>
/// <param name="client">Of the cluster.</param>
/// <param name="model">The model's name; empty: the default one.</param>
/// <param name="probeTokens">Of how many first tokens the probabilities are kept.</param>
/// <param name="seed">Of every reply.</param>
/// <param name="maxTokens">Of a reply; null: what the context has room for.</param>
public sealed class CalibrationRun(Qwen3Client client, string model, int probeTokens, ulong seed, uint? maxTokens)
{
    // Enough for a batch, few enough for any queue.
    private const int AtOnce = 8;

    /// <summary>Asks.</summary>
    /// <param name="questions">The questions.</param>
    /// <param name="advanced">Called after each of them, one call at a time.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="Qwen3ClientException">The server refused, failed, or cannot be reached.</exception>
    public async Task<CalibrationAnswer[]> AskAsync(
        IReadOnlyList<EvalQuestion> questions, Action advanced, CancellationToken cancellationToken)
    {
        var answers = new CalibrationAnswer[questions.Count];
        var oneAtATime = new Lock();
        await Parallel.ForAsync(
            0,
            questions.Count,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (i, cancel) =>
            {
                answers[i] = await AskAsync(questions[i], cancel);
                lock (oneAtATime)
                {
                    advanced();
                }
            });
        return answers;
    }

    private async Task<CalibrationAnswer> AskAsync(EvalQuestion question, CancellationToken cancellationToken)
    {
        List<ReplyEvent> events = await client.ChatAsync(RequestFor(question, Mode.Fast), cancellationToken).ToListAsync(cancellationToken);
        Reply direct = await events.ToAsyncEnumerable().ToReplyAsync(cancellationToken: cancellationToken);
        Reply thinking = await client.ChatAsync(RequestFor(question, Mode.Deep), cancellationToken).ToReplyAsync(cancellationToken: cancellationToken);
        return new CalibrationAnswer(
            [.. events.SelectMany(reply => reply.Delta?.Logprobs ?? []).Take(probeTokens).Select(Likeliest)],
            await question.Scorer.IsRightAsync(direct.Answer, cancellationToken),
            (int)direct.Finish.Usage.ReplyTokens,
            await question.Scorer.IsRightAsync(thinking.Answer, cancellationToken),
            (int)thinking.Finish.Usage.ReplyTokens);
    }

    private static float Likeliest(TokenLogprob token) => token.Top.Count > 0 ? token.Top[0].Logprob : token.Logprob;

    private ChatRequest RequestFor(EvalQuestion question, Mode mode)
    {
        var sampling = new Sampling { Seed = seed };
        if (maxTokens is { } most)
        {
            sampling.MaxTokens = most;
        }

        return new ChatRequest
        {
            Model = model,
            Messages = { new Message { Role = Role.User, Content = question.Prompt } },
            Mode = mode,
            Sampling = sampling,
            Output = mode == Mode.Fast ? new OutputOptions { Logprobs = 1 } : new OutputOptions(),
        };
    }
}
