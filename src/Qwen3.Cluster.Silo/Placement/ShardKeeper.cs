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

    /// <summary>Where a shard is; it is loaded if it is nowhere.</summary>
    /// <exception cref="ModelUnavailableException">It finds no place, cannot be loaded, or its node has just gone.</exception>
    public async Task<ShardEndpoint> Open(int shard)
    {
        try
        {
            return await ShardOf(shard).Open();
        }
        catch (Exception exception) when (exception is NoPlaceException or OrleansException)
        {
            throw new ModelUnavailableException(model, retryAfter, $"Shard {shard} of '{model}' does not answer: {exception.Message}");
        }
    }

    /// <summary>The same for a shard whose node may be gone: until the cluster has noticed that, its grain cannot be called.</summary>
    /// <exception cref="ModelUnavailableException">It was not found in time.</exception>
    public async Task<ShardEndpoint> Find(int shard)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await Open(shard);
            }
            catch (ModelUnavailableException) when (time.GetElapsedTime(started) < timeLimit)
            {
                await Task.Delay(Pause, time);
            }
        }
    }

    /// <summary>Has a shard hold some experts and no others.</summary>
    public Task Hold(int shard, IReadOnlyList<LayerExpert> experts) => ShardOf(shard).Hold(experts);

    /// <summary>
    /// Has a shard loaded on another node and its grain go there. What is left at the old place answers until it is released,
    /// which is for when no router asks there any more.
    /// </summary>
    /// <param name="old">Where it is.</param>
    /// <param name="node">Where it is to be.</param>
    /// <param name="experts">What it holds.</param>
    /// <returns>Where it is now: there, or, if its old node was gone, where it has been placed anew.</returns>
    public async Task<ShardEndpoint> Move(ShardEndpoint old, string node, IReadOnlyList<LayerExpert> experts)
    {
        if (!census.Alive.Contains(old.Link.Node))
        {
            return await Find(old.Shard);
        }

        await grains.GetGrain<INodeGrain>(node).Prepare(model, old.Shard, experts);
        await ShardOf(old.Shard).MoveTo(node);

        // The grain answers where it was until its last turn there has ended.
        long started = time.GetTimestamp();
        ShardEndpoint moved = await Find(old.Shard);
        while (moved.Link.Node != node && time.GetElapsedTime(started) < timeLimit)
        {
            await Task.Delay(Pause, time);
            moved = await Find(old.Shard);
        }

        LogMoved(old.Shard, model, old.Link.Node, moved.Link.Node);
        return moved;
    }

    /// <summary>Frees what a move has left behind.</summary>
    public async Task Release(ShardEndpoint old)
    {
        if (census.Alive.Contains(old.Link.Node))
        {
            await grains.GetGrain<INodeGrain>(old.Link.Node).Release(old.Epoch);
        }
    }

    private IExpertShardGrain ShardOf(int shard) => grains.GetGrain<IExpertShardGrain>(new ModelGrainKey(model, shard).ToString());

    [LoggerMessage(LogLevel.Information, "Shard {Shard} of '{Model}' moved from {From} to {To}")]
    private partial void LogMoved(int shard, string model, string from, string to);
}
