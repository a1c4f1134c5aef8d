using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
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
[PreferLocalPlacement, CollectionAgeLimit(Minutes = 2)]
internal sealed class GatewayGrain(ModelStore models, ReplicaChooser replicas, OpenRequests open, TimeProvider time, ILogger<GatewayGrain> logger)
    : Grain, IGatewayGrain
{
    // The node is gone by then.
    private static readonly TimeSpan RetryElsewhereAfter = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplyEvent> Chat(ChatCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 1. Which model, and whether it can do what is asked.
        ModelFiles model = await models.Open(call.Model);
        RequestRules.Check(call, model.Tokenizer.VocabularySize);
        ChatPrompt.CheckMode(call.Mode, model.Template);

        // 2. The conversation as the model's own tokens.
        string text = ChatPrompt.Render(call, model.Template);
        int[] prompt = await model.Encode(text, parseSpecialTokens: true, cancellationToken);
        CheckLength(prompt, model, "messages");

        // 3. What the request leaves open.
        bool thinks = ChatPrompt.Thinks(call, model.Template);
        SamplingSettings sampling = SamplingChoice.Complete(call.Sampling, model.Checkpoint.Generation, thinks);

        // 4. The router does the rest.
        await foreach (ReplyEvent reply in Ask(model, prompt, sampling, call.Budget, cancellationToken))
        {
            yield return reply;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplyEvent> Generate(GenerateCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ModelFiles model = await models.Open(call.Model);
        RequestRules.Check(call, model.Tokenizer.VocabularySize);

        int[] prompt = call.TokenIds ?? await model.Encode(call.Text!, parseSpecialTokens: true, cancellationToken);
        CheckLength(prompt, model, call.TokenIds is null ? "text" : "tokens.ids");

        // Who writes the prompt himself chooses no mode: what generation_config.json says holds as it is.
        bool thinks = model.Template.Thinking != ThinkingSupport.Never;
        SamplingSettings sampling = SamplingChoice.Complete(call.Sampling, model.Checkpoint.Generation, thinks);
        await foreach (ReplyEvent reply in Ask(model, prompt, sampling, call.Budget, cancellationToken))
        {
            yield return reply;
        }
    }

    private async IAsyncEnumerable<ReplyEvent> Ask(
        ModelFiles model, int[] prompt, SamplingSettings sampling, BudgetSettings budget, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var call = new RouterCall
        {
            RequestId = this.GetPrimaryKeyString(),
            Prompt = prompt,
            Sampling = sampling,
            Budget = budget,
            StartsInThinking = ChatPrompt.EndsInThinking(prompt, model.Tokenizer.SpecialTokens),
        };
        if (!open.TryBegin())
        {
            throw new ModelUnavailableException(model.Name, RetryElsewhereAfter, $"The node that was to look after request {call.RequestId} shuts down; another one will.");
        }

        try
        {
            await foreach (ReplyEvent reply in new RoutedRequest(model, call, replicas, time, logger).Run(cancellationToken))
            {
                yield return reply;
            }
        }
        finally
        {
            open.End();
        }
    }

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
