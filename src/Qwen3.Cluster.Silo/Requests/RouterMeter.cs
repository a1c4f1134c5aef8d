using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Qwen3.Cluster.Contracts.Grains;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>What routers measure, as the meter <see cref="Name"/>; each value is tagged with its model and replica.</summary>
internal sealed class RouterMeter
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Qwen3.Cluster";

    private readonly Histogram<double> _stepTime;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _drafted;
    private readonly Counter<long> _accepted;
    private readonly Counter<long> _requests;
    private readonly ConcurrentDictionary<ModelGrainKey, EngineLoop> _loops = new();

    public RouterMeter(IMeterFactory meters)
    {
        Meter meter = meters.Create(Name);
        _stepTime = meter.CreateHistogram<double>("qwen3.step.duration", "s", "How long a step of the batch takes");
        _tokens = meter.CreateCounter<long>("qwen3.reply.tokens", "{token}", "Tokens of replies");
        _drafted = meter.CreateCounter<long>("qwen3.draft.tokens", "{token}", "Guesses of next tokens that ran");
        _accepted = meter.CreateCounter<long>("qwen3.draft.accepted", "{token}", "Guesses of next tokens that came true");
        _requests = meter.CreateCounter<long>("qwen3.requests.ended", "{request}", "Requests answered to their end");
        meter.CreateObservableGauge("qwen3.sequences.running", () => Observe(loop => loop.Metrics.Running), "{sequence}", "Sequences in the batch");
        meter.CreateObservableGauge("qwen3.sequences.waiting", () => Observe(loop => loop.Metrics.Waiting), "{sequence}", "Sequences that wait for a place");
        meter.CreateObservableGauge(
            "qwen3.cache.pages.used", () => Observe(loop => loop.Metrics.TotalPages - loop.Metrics.FreePages), "{page}", "Pages of the cache that sequences hold");
    }

    /// <summary>Watches a router from now on.</summary>
    public void Add(ModelGrainKey router, EngineLoop loop) => _loops[router] = loop;

    /// <summary>Forgets a router.</summary>
    public void Remove(ModelGrainKey router) => _loops.TryRemove(router, out _);

    /// <summary>A router ran a step.</summary>
    /// <param name="router">The router.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="tokens">Tokens that replies got.</param>
    /// <param name="drafted">Drafts that ran.</param>
    /// <param name="accepted">Of these, those that came true.</param>
    /// <param name="ended">Requests that ended with it.</param>
    public void AddStep(ModelGrainKey router, TimeSpan duration, int tokens, long drafted, long accepted, int ended)
    {
        KeyValuePair<string, object?>[] tags = Tags(router);
        _stepTime.Record(duration.TotalSeconds, tags);
        _tokens.Add(tokens, tags);
        _drafted.Add(drafted, tags);
        _accepted.Add(accepted, tags);
        _requests.Add(ended, tags);
    }

    private static KeyValuePair<string, object?>[] Tags(ModelGrainKey router) => [new("model", router.Model), new("replica", router.Index)];

    private IEnumerable<Measurement<int>> Observe(Func<EngineLoop, int> value) =>
        _loops.Select(pair => new Measurement<int>(value(pair.Value), Tags(pair.Key)));
}
