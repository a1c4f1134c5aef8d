using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>
/// Picks the router for a prompt: each is asked what it has of the prompt in its cache and what it has to do, and the one whose steps
/// come soonest to the reply's first token gets it.
/// </summary>
internal sealed partial class ReplicaChooser(IGrainFactory grains, TimeProvider time, ILogger<ReplicaChooser> logger)
{
    // A router that is slower to say what it has than others are to compute it is no good choice.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(1);

    // Longer prefixes are compared by their beginnings.
    private const int MostPages = 1024;

    // In tokens of a prompt: a sequence that runs takes a row of each step beside ours, one that waits has its prompt before ours.
    private const int CostOfRunning = 16;
    private const int CostOfWaiting = 256;

    /// <summary>The router for a prompt.</summary>
    /// <param name="model">The model.</param>
    /// <param name="call">The prompt, and how many experts its tokens may ask.</param>
    /// <param name="avoid">Replicas that have just failed or refused it; one of them is taken only if there is no other.</param>
    public async Task<(int Replica, IRouterGrain Router)> Choose(ModelFiles model, RouterCall call, IReadOnlyCollection<int> avoid)
    {
        int[] prompt = call.Prompt;
        int replicas = model.Options.Replicas;
        if (replicas == 1)
        {
            return (0, RouterOf(model.Name, 0));
        }

        int pageSize = model.Options.PageSize;
        UInt128[] pages = PrefixKeys.Of(prompt, call.MaxExperts ?? Math.Max(1, model.Checkpoint.Config.ExpertsPerToken), pageSize, MostPages);
        RouterOffer[] offers = await Task.WhenAll(Enumerable.Range(0, replicas).Select(replica => Ask(model.Name, replica, pages)));

        // Of equals the one that the prompt's hash says, so that the same prompt finds its own pages again.
        int first = (int)((pages.Length > 0 ? (ulong)pages[0] : (ulong)prompt[0]) % (ulong)replicas);
        int best = Enumerable.Range(0, replicas).MinBy(replica => (
            avoid.Contains(replica),
            !offers[replica].IsReady,
            prompt.Length - (offers[replica].CachedPages * pageSize) + (CostOfRunning * offers[replica].Running) + (CostOfWaiting * offers[replica].Waiting),
            (replica - first + replicas) % replicas));
        return (best, RouterOf(model.Name, best));
    }

    /// <summary>Whether one of a model's routers takes requests now; those that are not loaded begin to load.</summary>
    public async Task<bool> IsReady(ModelFiles model)
    {
        RouterOffer[] offers = await Task.WhenAll(Enumerable.Range(0, model.Options.Replicas).Select(replica => Ask(model.Name, replica, [])));
        return offers.Any(offer => offer.IsReady);
    }

    private IRouterGrain RouterOf(string model, int replica) => grains.GetGrain<IRouterGrain>(new ModelGrainKey(model, replica).ToString());

    private async Task<RouterOffer> Ask(string model, int replica, UInt128[] pages)
    {
        try
        {
            return await RouterOf(model, replica).Offer(pages).WaitAsync(AnswerLimit, time);
        }
        catch (Exception exception)
        {
            // Whatever it is, the others are asked too, and the request itself will say it.
            LogSilent(replica, model, exception.Message);
            return new RouterOffer();
        }
    }

    [LoggerMessage(LogLevel.Debug, "Replica {Replica} of '{Model}' does not say what it has: {Reason}")]
    private partial void LogSilent(int replica, string model, string reason);
}
