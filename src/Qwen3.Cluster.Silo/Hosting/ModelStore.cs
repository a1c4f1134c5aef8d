using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Compute;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>The models of this silo: each one's files are opened at first use, once, for all grains. Safe for concurrent use.</summary>
public sealed partial class ModelStore : IAsyncDisposable
{
    private readonly Dictionary<string, Loading<ModelFiles>> _models;

    /// <summary>Opens nothing yet.</summary>
    public ModelStore(IOptions<Qwen3Options> options, TimeProvider time, ILogger<ModelStore> logger)
    {
        Names = [.. options.Value.Models.Select(model => model.Name)];
        _models = options.Value.Models.ToDictionary(
            model => model.Name,
            model => new Loading<ModelFiles>(model.Name, () => Task.Run(() => ModelFiles.Open(model, news => LogNews(logger, model.Name, news))), options.Value.RetryLoadAfter, time));
    }

    /// <summary>The models, the default one first.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Why models could not be opened, one sentence for each that could not.</summary>
    public IReadOnlyList<string> Problems => [.. Names.Select(name => _models[name].Problem).OfType<string>()];

    /// <summary>For each model that is open, its files' <see cref="ModelFiles.Fingerprint"/>.</summary>
    public IReadOnlyDictionary<string, ulong> Fingerprints =>
        _models.Where(model => model.Value.IsLoaded).ToDictionary(model => model.Key, model => model.Value.Get().Result.Fingerprint);

    /// <summary>The files of a model.</summary>
    /// <param name="name">As requests name it; empty: the default one.</param>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelUnavailableException">They could not be opened.</exception>
    public Task<ModelFiles> Open(string name) =>
        _models.TryGetValue(name.Length == 0 ? Names[0] : name, out Loading<ModelFiles>? model)
            ? model.Get()
            : throw new ModelNotFoundException(name, $"There is no model '{name}' here; there is {string.Join(", ", Names)}.");

    /// <summary>Closes what was opened. The host calls it after the grains are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (Loading<ModelFiles> model in _models.Values.Where(model => model.IsLoaded))
        {
            ModelFiles files = await model.Get();
            files.Checkpoint.Dispose();
            files.DraftCheckpoint?.Dispose();
        }
    }

    [LoggerMessage(LogLevel.Information, "Model '{Model}': {News}")]
    private static partial void LogNews(ILogger logger, string model, string news);
}
