using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.IntegrationTests.Gateway;

/// <summary>
/// Stands for the grains behind a gateway and does what a test says. Unless told otherwise it checks requests as the gateway grain
/// does, and answers the same few words.
/// </summary>
public sealed class FakeGrains : IGatewayGrain, IModelCatalogGrain, IRouterGrain, ITopologyGrain, IExpertMapGrain
{
    public const int VocabularySize = 1_000;

    public static readonly ModelDescription Model = new()
    {
        Name = "tiny", Architecture = "Qwen3MoeForCausalLM", Parameters = 5_000_000_000, ActiveParameters = 700_000_000, ExpertCount = 128,
        ExpertsPerToken = 8, MaxPositions = 40_960, VocabularySize = VocabularySize,
    };

    public Func<ChatCall, CancellationToken, IAsyncEnumerable<ReplyEvent>> OnChat { get; set; } = (call, _) =>
    {
        RequestRules.Check(call, VocabularySize);
        return Answer().ToAsyncEnumerable();
    };

    public Func<GenerateCall, CancellationToken, IAsyncEnumerable<ReplyEvent>> OnGenerate { get; set; } = (call, _) =>
    {
        RequestRules.Check(call, VocabularySize);
        return Answer().ToAsyncEnumerable();
    };

    public Func<IReadOnlyList<ModelDescription>> OnList { get; set; } = () => [Model];

    public Func<IReadOnlyList<string>> OnListNames { get; set; } = () => [Model.Name];

    public Func<Task<RouterStatus>> OnStatus { get; set; } = () => Task.FromResult(new RouterStatus());

    public Func<string, string, bool, int[]> OnTokenize { get; set; } = (_, text, _) => [.. text.Select(character => (int)character)];

    public Func<string, int[], bool, string> OnDetokenize { get; set; } = (_, ids, _) =>
    {
        RequestRules.CheckTokens("ids", ids, VocabularySize);
        return string.Concat(ids.Select(id => (char)id));
    };

    public Func<ClusterTopology> OnTopology { get; set; } = () => new ClusterTopology();

    public Func<BalanceReport> OnRebalance { get; set; } = () => new BalanceReport();

    public Func<int> OnSpread { get; set; } = () => 0;

    /// <summary>The keys that grains were asked for by; health checks of the host's own among them.</summary>
    public ConcurrentQueue<object> Keys { get; } = [];

    public static IReadOnlyList<ReplyEvent> Answer(string thinking = "Hm.", string answer = "85") =>
    [
        new ReplyStarted { RequestId = "r", Model = "tiny", PromptTokens = 7, Seed = ulong.MaxValue },
        new ReplyDelta { Part = ReplyPart.Thinking, Text = thinking, TokenIds = [1, 2] },
        new ReplyDelta { Part = ReplyPart.Answer, Text = answer, TokenIds = [3] },
        new ReplyFinished { Reason = FinishReason.Stop, Usage = new ReplyUsage { ReplyTokens = 3 } },
    ];

    /// <summary>A reply that begins and does not end by itself; <paramref name="ended"/> is set once it is stopped.</summary>
    public static async IAsyncEnumerable<ReplyEvent> Endless(
        TaskCompletionSource ended, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            yield return new ReplyStarted { RequestId = "r", Model = "tiny" };
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            ended.SetResult();
        }
    }

    public IGrainFactory AsFactory()
    {
        IGrainFactory factory = DispatchProxy.Create<IGrainFactory, FactoryProxy>();
        ((FactoryProxy)(object)factory).Grains = this;
        return factory;
    }

    public async IAsyncEnumerable<ReplyEvent> Chat(ChatCall call, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        await foreach (ReplyEvent reply in OnChat(call, cancellationToken).WithCancellation(cancellationToken))
        {
            yield return reply;
        }
    }

    public async IAsyncEnumerable<ReplyEvent> Generate(
        GenerateCall call, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        await foreach (ReplyEvent reply in OnGenerate(call, cancellationToken).WithCancellation(cancellationToken))
        {
            yield return reply;
        }
    }

    public Task<IReadOnlyList<ModelDescription>> List() => Task.FromResult(OnList());

    public Task<IReadOnlyList<string>> ListNames() => Task.FromResult(OnListNames());

    public Task<int[]> Tokenize(string model, string text, bool plain, CancellationToken cancellationToken = default) => Task.FromResult(OnTokenize(model, text, plain));

    public Task<string> Detokenize(string model, int[] ids, bool skipSpecial) => Task.FromResult(OnDetokenize(model, ids, skipSpecial));

    public Task<RouterStatus> GetStatus() => OnStatus();

    public Task<RouterOffer> Offer(UInt128[] pages) => throw new NotSupportedException("A gateway compares no routers.");

    public Task Leave() => throw new NotSupportedException("A gateway sends no router away.");

    public Task<ExpertMap?> GetMap() => throw new NotSupportedException("A gateway reads no maps.");

    public Task UseMap(ExpertMap map) => throw new NotSupportedException("A gateway draws no maps.");

    public IAsyncEnumerable<ReplyEvent> Generate(RouterCall call, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("A gateway does not generate with a router.");

    public Task<ClusterTopology> GetTopology() => Task.FromResult(OnTopology());

    public Task<BalanceReport> Rebalance() => Task.FromResult(OnRebalance());

    public Task<int> Spread() => Task.FromResult(OnSpread());

    public Task<ExpertMap> GetMap(int replica) => throw new NotSupportedException("A gateway has no experts.");

    public Task<ExpertMap> Replace(int replica, IReadOnlyList<ulong> epochs) => throw new NotSupportedException("A gateway has no experts.");

    public Task<IReadOnlyList<LayerExpert>> GetExperts(int shard) => throw new NotSupportedException("A gateway has no experts.");

    public Task<string> PlaceShard(int shard) => throw new NotSupportedException("A gateway places nothing.");

    public Task<string> PlaceRouter(int replica) => throw new NotSupportedException("A gateway places nothing.");

    public Task ReportLoad(int replica, long[][] choices) => throw new NotSupportedException("A gateway counts no choices.");

    Task<ExpertMapStatus> IExpertMapGrain.GetStatus() => throw new NotSupportedException("A gateway asks for the whole topology.");

    public class FactoryProxy : DispatchProxy
    {
        public FakeGrains Grains { get; set; } = null!;

        protected override object Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Grains.Keys.Enqueue(args![0]!);
            return Grains;
        }
    }
}
