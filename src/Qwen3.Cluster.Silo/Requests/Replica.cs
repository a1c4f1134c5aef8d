using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Silo.Compute;
using Qwen3.Cluster.Silo.Experts;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>One replica of a model's trunk, loaded: its compute thread, what computes there, and the loop of its engine.</summary>
/// <param name="Files">The model.</param>
/// <param name="Loop">Takes requests.</param>
/// <param name="Experts">Asks the shards.</param>
internal sealed record Replica(
    ModelFiles Files,
    EngineLoop Loop,
    ClusterExpertPool Experts,
    ComputeThread Thread,
    IBackend Backend,
    ILanguageModel Trunk,
    DraftModel? Draft,
    CancellationTokenSource Stopping) : IAsyncDisposable
{
    /// <summary>Takes other ways to the shards from the next step on, unless there are later ones already; returns when no step uses older ones.</summary>
    public async Task Use(ShardTable table)
    {
        Task taken = Experts.Offer(table);
        await await Task.WhenAny(Thread.Run(Experts.TakeOffer), taken);
    }

    /// <summary>Ends every request, for another router to go on. A step at hand does not wait for its shards any longer.</summary>
    public Task Stop()
    {
        Task stopped = Loop.Stop(new RouterLostException($"A router of '{Files.Name}' has left its node."));
        Stopping.Cancel();
        return stopped;
    }

    /// <summary>Frees weights and cache after the step at hand.</summary>
    public async ValueTask DisposeAsync()
    {
        Stopping.Cancel();
        await Thread.DisposeAsync();
        Trunk.Dispose();
        Draft?.Dispose();
        Backend.Dispose();
        Loop.Dispose();
        Stopping.Dispose();
    }
}
