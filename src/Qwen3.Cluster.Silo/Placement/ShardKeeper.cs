using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Placement;

/// <summary>Has the shards of one model opened, filled and moved. For one grain.</summary>
/// <param name="model">The model.</param>
/// <param name="grains">Reaches shards and nodes.</param>
/// <param name="census">Knows which nodes are alive.</param>
/// <param name="timeLimit">How long a shard whose node is gone is looked for.</param>
/// <param name="retryAfter">What callers are told when there is none.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears of every move.</param>
internal sealed partial class ShardKeeper(
    string model, IGrainFactory grains, NodeCensus census, TimeSpan timeLimit, TimeSpan retryAfter, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Where a shard is; it is loaded if it is nowhere. Until the cluster has noticed that a node is gone, grains that were there cannot be
    /// called, so such a shard is asked again and again.
    /// </summary>
    /// <exception cref="ModelUnavailableException">It finds no place, cannot be loaded, or did not answer in time.</exception>
    public async Task<ShardEndpoint> Find(int shard)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await ShardOf(shard).Open();
            }
            catch (Exception exception) when (IsPassing(exception) && time.GetElapsedTime(started) < timeLimit)
            {
                await Task.Delay(Pause, time);
            }
            catch (Exception exception) when (exception is NoPlaceException || IsPassing(exception))
            {
                throw Unanswered($"Shard {shard} of '{model}'", exception);
            }
        }
    }

    /// <summary>Has a shard hold some experts and no others.</summary>
    /// <exception cref="ModelUnavailableException">It cannot load them, or does not answer.</exception>
    public Task Hold(int shard, IReadOnlyList<LayerExpert> experts) => InWords(ShardOf(shard).Hold(experts), $"Shard {shard} of '{model}'");

    /// <summary>Has a shard loaded on the node that its grain is to go to. It takes as long as reading the weights does.</summary>
    /// <exception cref="ModelUnavailableException">It cannot load the shard, or does not answer.</exception>
    public Task Prepare(int shard, string node, IReadOnlyList<LayerExpert> experts) =>
        InWords(grains.GetGrain<INodeGrain>(node).Prepare(model, shard, experts), $"The node {node}, which was to load shard {shard} of '{model}',");

    /// <summary>
    /// Has the grain of a shard go to a node that is prepared. What is left at the old place answers until it is released, which is for when no
    /// router asks there any more.
    /// </summary>
    /// <param name="old">Where it is.</param>
    /// <param name="node">Where it is to be.</param>
    /// <returns>Where it is now: there, or, if one of the nodes has gone meanwhile, where it has been placed anew.</returns>
    public async Task<ShardEndpoint> Move(ShardEndpoint old, string node)
    {
        if (IsAlive(old))
        {
            await ShardOf(old.Shard).MoveTo(node);
        }

        // A call that comes while the grain is on its way may still find it at the old place.
        long started = time.GetTimestamp();
        ShardEndpoint moved = await Find(old.Shard);
        while (moved.Epoch == old.Epoch && time.GetElapsedTime(started) < timeLimit)
        {
            await Task.Delay(Pause, time);
            moved = await Find(old.Shard);
        }

        LogMoved(old.Shard, model, old.Link.Node, moved.Link.Node);
        return moved;
    }

    /// <summary>Whether the node of a shard is in the cluster.</summary>
    public bool IsAlive(ShardEndpoint shard) => census.Alive.Contains(shard.Link.Node);

    /// <summary>Frees what a move has left behind.</summary>
    public async Task Release(ShardEndpoint old)
    {
        if (IsAlive(old))
        {
            await InWords(grains.GetGrain<INodeGrain>(old.Link.Node).Release(old.Epoch), $"The node {old.Link.Node}, which was to free shard {old.Shard} of '{model}',");
        }
    }

    private async Task InWords(Task call, string who)
    {
        try
        {
            await call;
        }
        catch (Exception exception) when (exception is NoPlaceException || IsPassing(exception))
        {
            throw Unanswered(who, exception);
        }
    }

    private ModelUnavailableException Unanswered(string who, Exception reason) => new(model, retryAfter, $"{who} does not answer: {reason.Message}");

    private static bool IsPassing(Exception exception) =>
        exception is NoPlaceException { IsPassing: true } || LostCall.Is(exception);

    private IExpertShardGrain ShardOf(int shard) => grains.GetGrain<IExpertShardGrain>(new ModelGrainKey(model, shard).ToString());

    [LoggerMessage(LogLevel.Information, "Shard {Shard} of '{Model}' moved from {From} to {To}")]
    private partial void LogMoved(int shard, string model, string from, string to);
}
