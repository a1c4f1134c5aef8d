using System.Diagnostics;
using Google.Protobuf.WellKnownTypes;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Gateway.Mapping;

/// <summary>From what grains say to the proto's messages.</summary>
internal static class ReplyMapping
{
    /// <summary>An event as it is sent; token ids only where the request asked for them.</summary>
    public static Protos.ReplyEvent ToProto(this ReplyEvent reply, bool withTokenIds) => reply switch
    {
        ReplyStarted started => new Protos.ReplyEvent { Started = ToProto(started) },
        ReplyDelta delta => new Protos.ReplyEvent { Delta = ToProto(delta, withTokenIds) },
        ReplyFinished finished => new Protos.ReplyEvent { Finished = ToProto(finished) },
        _ => throw new UnreachableException($"An event of the type {reply.GetType()} has no message."),
    };

    public static Protos.ModelInfo ToProto(this ModelDescription model) => new()
    {
        Name = model.Name,
        Architecture = model.Architecture,
        Parameters = (ulong)model.Parameters,
        ActiveParameters = (ulong)model.ActiveParameters,
        Experts = (uint)model.ExpertCount,
        ExpertsPerToken = (uint)model.ExpertsPerToken,
        MaxPositions = (uint)model.MaxPositions,
        VocabularySize = (uint)model.VocabularySize,
        Activations = { model.Activations.Select(ToProto) },
    };

    private static Protos.Activation ToProto(Activation activation) => new()
    {
        ExpertsPerToken = (uint)activation.ExpertsPerToken,
        ActiveParameters = (ulong)activation.ActiveParameters,
    };

    public static IEnumerable<uint> ToTokenIds(IEnumerable<int> ids) => ids.Select(id => (uint)id);

    private static Protos.ReplyStarted ToProto(ReplyStarted started) => new()
    {
        RequestId = started.RequestId,
        Model = started.Model,
        PromptTokens = (uint)started.PromptTokens,
        Seed = started.Seed,
    };

    private static Protos.ReplyDelta ToProto(ReplyDelta delta, bool withTokenIds) => new()
    {
        Sample = (uint)delta.Sample,
        Part = delta.Part switch
        {
            ReplyPart.Thinking => Protos.ReplyPart.Thinking,
            ReplyPart.Answer => Protos.ReplyPart.Answer,
            _ => throw new UnreachableException($"The part {delta.Part} has no value in the proto."),
        },
        Text = delta.Text,
        TokenIds = { withTokenIds ? ToTokenIds(delta.TokenIds) : [] },
        Logprobs = { delta.Logprobs.Select(ToProto) },
    };

    private static Protos.ReplyFinished ToProto(ReplyFinished finished) => new()
    {
        Sample = (uint)finished.Sample,
        Reason = finished.Reason switch
        {
            FinishReason.Stop => Protos.FinishReason.Stop,
            FinishReason.Length => Protos.FinishReason.Length,
            FinishReason.Cancelled => Protos.FinishReason.Cancelled,
            FinishReason.Deadline => Protos.FinishReason.Deadline,
            _ => throw new UnreachableException($"The reason {finished.Reason} has no value in the proto."),
        },
        MatchedStop = finished.MatchedStop ?? "",
        Usage = ToProto(finished.Usage),
    };

    private static Protos.Usage ToProto(ReplyUsage usage) => new()
    {
        PromptTokens = (uint)usage.PromptTokens,
        CachedPromptTokens = (uint)usage.CachedPromptTokens,
        ThinkingTokens = (uint)usage.ThinkingTokens,
        ReplyTokens = (uint)usage.ReplyTokens,
        ThinkingSteps = (uint)usage.ThinkingSteps,
        ThinkingEnd = usage.ThinkingEnd switch
        {
            ThinkingEnd.None => Protos.ThinkingEnd.Unspecified,
            ThinkingEnd.Model => Protos.ThinkingEnd.Model,
            ThinkingEnd.Steps => Protos.ThinkingEnd.Steps,
            ThinkingEnd.Tokens => Protos.ThinkingEnd.Tokens,
            ThinkingEnd.Time => Protos.ThinkingEnd.Time,
            _ => throw new UnreachableException($"The end {usage.ThinkingEnd} has no value in the proto."),
        },
        TimeToFirstToken = Duration.FromTimeSpan(usage.TimeToFirstToken),
        Duration = Duration.FromTimeSpan(usage.Duration),
        ExpertsPerToken = (uint)usage.ExpertsPerToken,
        ActiveParameters = (ulong)usage.ActiveParameters,
        Mode = usage.Mode switch
        {
            ReplyMode.Default => Protos.Mode.Unspecified,
            ReplyMode.Fast => Protos.Mode.Fast,
            ReplyMode.Deep => Protos.Mode.Deep,
            _ => throw new UnreachableException($"A reply has the mode {usage.Mode}."),
        },
        DroppedTokens = (uint)usage.DroppedTokens,
        DraftedTokens = (uint)usage.DraftedTokens,
        AcceptedTokens = (uint)usage.AcceptedTokens,
    };

    private static Protos.TokenLogprob ToProto(TokenLogprob token) => new()
    {
        TokenId = (uint)token.TokenId,
        Text = token.Text,
        Logprob = token.Logprob,
        Top = { token.Top.Select(ToProto) },
    };
}
