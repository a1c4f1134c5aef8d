using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Requests;

namespace Qwen3.Cluster.Silo.Grains;

/// <summary>Takes one request from its fields to the router's batch, and passes the events on.</summary>
/// <remarks>
/// It is collected two minutes after the last event. Deactivating it at the end would not be sooner for good: the reader's last
/// word, the disposal of its enumerator, would activate it again.
/// </remarks>
[PreferLocalPlacement, GrainDirectory(NodeDirectory.Name), CollectionAgeLimit(Minutes = 2)]
internal sealed class GatewayGrain(
    ModelPortfolio portfolio, ReplicaChooser replicas, OpenRequests open, TimeProvider time, ILogger<GatewayGrain> logger)
    : Grain, IGatewayGrain
{
    // The node is gone by then.
    private static readonly TimeSpan RetryElsewhereAfter = TimeSpan.FromSeconds(1);

    private string RequestId => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplyEvent> Chat(ChatCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long arrived = time.GetTimestamp();

        // 1. Which models can do what is asked, and with how many experts.
        IReadOnlyList<ModelFiles> models = await portfolio.Open(call.Model);
        RequestRules.Check(call, models.Max(model => model.Tokenizer.VocabularySize));
        IReadOnlyList<ModelChoice> choices = await portfolio.Choose(
            models, call.Budget, model => ChatPrompt.WhyNot(call.Mode, model.Template));

        // 2. The first that admits it answers.
        ChatCall seeded = call with { Sampling = SamplingChoice.WithSeed(call.Sampling), Budget = WithDeadline(call.Budget, call.TimeLeft) };
        var request = new PortfolioRequest(choices, IsReady, choice => Answer(choice, seeded, arrived, cancellationToken));
        await foreach (ReplyEvent reply in request.Run(cancellationToken))
        {
            yield return reply;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplyEvent> Generate(GenerateCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long arrived = time.GetTimestamp();
        IReadOnlyList<ModelFiles> models = await portfolio.Open(call.Model);
        RequestRules.Check(call, models.Max(model => model.Tokenizer.VocabularySize));
        IReadOnlyList<ModelChoice> choices = await portfolio.Choose(models, call.Budget, _ => null);

        GenerateCall seeded = call with { Sampling = SamplingChoice.WithSeed(call.Sampling), Budget = WithDeadline(call.Budget, call.TimeLeft) };
        var request = new PortfolioRequest(choices, IsReady, choice => Continue(choice, seeded, arrived, cancellationToken));
        await foreach (ReplyEvent reply in request.Run(cancellationToken))
        {
            yield return reply;
        }
    }

    private Task<bool> IsReady(ModelChoice choice) => replicas.IsReady(choice.Model);

    private IAsyncEnumerable<ReplyEvent> Answer(ModelChoice choice, ChatCall call, long arrived, CancellationToken cancellationToken)
    {
        ReplyMode mode = ChatPrompt.Resolve(call, choice.Model.Template);
        if (mode != ReplyMode.Auto)
        {
            return Answer(choice, call with { Mode = mode }, RequestId, 0, arrived, cancellationToken);
        }

        ChatCall direct = call with
        {
            Mode = ReplyMode.Fast,
            Sampling = call.Sampling with { Logprobs = AutoReply.LogprobsFor(call.Sampling.Logprobs) },
        };
        ChatCall thinking = call with { Mode = ReplyMode.Deep };

        // The router may have both of them for a moment, and tells them apart by their ids.
        return new AutoReply(
            choice.Model.Auto,
            call.Sampling.Logprobs,
            () => Answer(choice, direct, $"{RequestId}/direct", 0, arrived, cancellationToken),
            () => Answer(choice, thinking, RequestId, AutoReply.LeastThinkingFor(call.Budget), arrived, cancellationToken),
            () => !(time.GetElapsedTime(arrived) >= call.Budget.ResponseTime)).Run(cancellationToken);
    }

    private async IAsyncEnumerable<ReplyEvent> Answer(
        ModelChoice choice, ChatCall call, string id, int leastThinking, long arrived, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 3. The conversation as the model's own tokens.
        ModelFiles model = choice.Model;
        string text = ChatPrompt.Render(call, model.Template);
        int[] prompt = await model.Encode(text, parseSpecialTokens: true, cancellationToken);
        CheckLength(prompt, model, "messages");

        // 4. What the request leaves open.
        bool thinks = ChatPrompt.Thinks(call, model.Template);
        SamplingSettings sampling = SamplingChoice.Complete(call.Sampling, model.Checkpoint.Generation, thinks);

        // 5. The router does the rest.
        RouterCall routed = ToRouterCall(id, choice, prompt, sampling, call.Budget) with { MaxDraftTokens = call.MaxDraftTokens, LeastThinking = leastThinking };
        await foreach (ReplyEvent reply in Ask(model, routed, arrived, cancellationToken))
        {
            yield return Complete(reply, choice.Activation, thinks ? ReplyMode.Deep : ReplyMode.Fast);
        }
    }

    private async IAsyncEnumerable<ReplyEvent> Continue(
        ModelChoice choice, GenerateCall call, long arrived, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ModelFiles model = choice.Model;
        int[] prompt = call.TokenIds ?? await model.Encode(call.Text!, parseSpecialTokens: true, cancellationToken);
        CheckLength(prompt, model, call.TokenIds is null ? "text" : "tokens.ids");

        // Who writes the prompt himself chooses no mode: what generation_config.json says holds as it is.
        bool thinks = model.Template.Thinking != ThinkingSupport.Never;
        SamplingSettings sampling = SamplingChoice.Complete(call.Sampling, model.Checkpoint.Generation, thinks);
        RouterCall routed = ToRouterCall(RequestId, choice, prompt, sampling, call.Budget) with { MaxDraftTokens = call.MaxDraftTokens };
        await foreach (ReplyEvent reply in Ask(model, routed, arrived, cancellationToken))
        {
            yield return Complete(reply, choice.Activation, ReplyMode.Default);
        }
    }

    private static RouterCall ToRouterCall(string id, ModelChoice choice, int[] prompt, SamplingSettings sampling, BudgetSettings budget) => new()
    {
        RequestId = id,
        Prompt = prompt,
        Sampling = sampling,
        Budget = budget,
        StartsInThinking = ChatPrompt.EndsInThinking(prompt, choice.Model.Tokenizer.SpecialTokens),
        MaxExperts = choice.MaxExperts,
    };

    private async IAsyncEnumerable<ReplyEvent> Ask(
        ModelFiles model, RouterCall call, long arrived, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!open.TryBegin())
        {
            throw new ModelUnavailableException(model.Name, RetryElsewhereAfter, $"The node that was to look after request {call.RequestId} shuts down; another one will.");
        }

        try
        {
            var routed = new RoutedRequest(model, call, replicas, arrived, time, logger);
            IAsyncEnumerable<ReplyEvent> replies = call.Budget.ResponseTime is { } responseTime
                ? new TimedReply(call, model.Name, model.Tokenizer, routed.Run, arrived, responseTime, time, logger).Run(cancellationToken)
                : routed.Run(cancellationToken);
            await foreach (ReplyEvent reply in replies)
            {
                yield return reply;
            }
        }
        finally
        {
            open.End();
        }
    }

    // The caller's own deadline is a response time too, of any length.
    private static BudgetSettings WithDeadline(BudgetSettings budget, TimeSpan? timeLeft) =>
        timeLeft < (budget.ResponseTime ?? TimeSpan.MaxValue) ? budget with { ResponseTime = timeLeft } : budget;

    // What routers do not know of a request: its name, and what its choices came to.
    private ReplyEvent Complete(ReplyEvent reply, Activation activation, ReplyMode mode) => reply switch
    {
        ReplyStarted started => started with { RequestId = RequestId },
        ReplyFinished finished => finished with
        {
            Usage = finished.Usage with { ExpertsPerToken = activation.ExpertsPerToken, ActiveParameters = activation.ActiveParameters, Mode = mode },
        },
        _ => reply,
    };

    private static void CheckLength(int[] prompt, ModelFiles model, string field)
    {
        if (prompt.Length >= model.ContextLength)
        {
            throw new InvalidRequestException(
                field,
                $"the prompt has {prompt.Length} tokens; with at least one for the reply, '{model.Name}' takes {model.ContextLength} in all, so shorten it to {model.ContextLength - 1}.");
        }
    }
}
