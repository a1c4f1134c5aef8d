using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Requests;

namespace Qwen3.Cluster.Silo.Grains;

/// <summary>
/// Takes requests into the batch of one replica and streams what its steps add to each. Reentrant: many requests are under way at
/// once, and none of them computes here.
/// </summary>
[Reentrant, PreferLocalPlacement, CollectionAgeLimit(AlwaysActive = true)]
internal sealed partial class RouterGrain : Grain, IRouterGrain
{
    // The silo is gone by then, and the replica on another one.
    private static readonly TimeSpan RetryElsewhereAfter = TimeSpan.FromSeconds(1);

    private readonly ModelGrainKey _key;
    private readonly ReplicaLoader _loader;
    private readonly ILogger<RouterGrain> _logger;
    private readonly Loading<Replica> _replica;
    private readonly OpenReplies _open;
    private readonly CancellationTokenRegistration _onDrainOver;

    public RouterGrain(
        ReplicaLoader loader, IOptions<Qwen3Options> options, TimeProvider time, DrainState drain, OpenReplies open, ILogger<RouterGrain> logger)
    {
        _key = ModelGrainKey.Parse(this.GetPrimaryKeyString());
        _loader = loader;
        _open = open;
        _logger = logger;
        _replica = new Loading<Replica>(_key.Model, LoadReplica, options.Value.RetryLoadAfter, time);

        // Grains are deactivated when their requests have ended, so those that outlived the drain end first.
        _onDrainOver = drain.Over.Register(StopReplica);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplyEvent> Generate(RouterCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Replica replica = await _replica.Get();
        if (!_open.TryBegin())
        {
            throw new ModelUnavailableException(
                _key.Model, RetryElsewhereAfter, $"Replica {_key.Index} of '{_key.Model}' takes nothing new: its node shuts down.");
        }

        try
        {
            ChannelReader<GenerationDelta> deltas = await Add(call, replica.Loop);
            yield return new ReplyStarted
            {
                RequestId = call.RequestId,
                Model = _key.Model,
                PromptTokens = call.Prompt.Length,
                Seed = call.Sampling.Seed!.Value,
            };

            await foreach (GenerationDelta delta in deltas.ReadAllAsync(cancellationToken))
            {
                yield return EngineMessages.ToDelta(delta, replica.Files.Tokenizer);
                if (delta.Finish is not null)
                {
                    yield return EngineMessages.ToFinished(delta);
                }
            }
        }
        finally
        {
            // The reader is gone, or the reply complete, which makes this do nothing.
            replica.Loop.Cancel(call.RequestId);
            _open.End();
        }
    }

    /// <inheritdoc/>
    public async Task<RouterStatus> GetStatus()
    {
        EngineMetrics metrics = (await _replica.Get()).Loop.Metrics;
        return new RouterStatus
        {
            Running = metrics.Running,
            Waiting = metrics.Waiting,
            FreePages = metrics.FreePages,
            PageCount = metrics.TotalPages,
        };
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _onDrainOver.DisposeAsync();
        if (_replica.IsLoaded)
        {
            Replica replica = await _replica.Get();
            await replica.Stop();
            await replica.DisposeAsync();
        }
    }

    private static async Task<ChannelReader<GenerationDelta>> Add(RouterCall call, EngineLoop loop)
    {
        try
        {
            return await loop.Add(EngineMessages.ToRequest(call));
        }
        catch (RequestRefusedException refused)
        {
            throw new InvalidRequestException(EngineMessages.ToProtoField(refused.Field), refused.Message);
        }
    }

    private async Task<Replica> LoadReplica()
    {
        try
        {
            Replica replica = await _loader.Load(_key);
            LogLoaded(_key.Index, _key.Model);
            return replica;
        }
        catch (Exception exception)
        {
            LogNotLoaded(exception, _key.Index, _key.Model);
            throw;
        }
    }

    private void StopReplica()
    {
        if (_replica.IsLoaded)
        {
            _ = _replica.Get().Result.Stop();
        }
    }

    [LoggerMessage(LogLevel.Information, "Replica {Replica} of '{Model}' answers")]
    private partial void LogLoaded(int replica, string model);

    [LoggerMessage(LogLevel.Error, "Replica {Replica} of '{Model}' could not be loaded; requests for it fail until it can")]
    private partial void LogNotLoaded(Exception exception, int replica, string model);
}
