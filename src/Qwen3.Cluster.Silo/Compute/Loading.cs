using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Compute;

/// <summary>
/// Something that is loaded at its first use. If that fails, everyone who asks gets the one reason,
/// and the first to ask after a while makes it try again.
/// </summary>
/// <param name="model">The model that it belongs to, for the message.</param>
/// <param name="load">Loads it.</param>
/// <param name="retryAfter">How long a failure holds.</param>
/// <param name="time">The clock.</param>
public sealed class Loading<T>(string model, Func<Task<T>> load, TimeSpan retryAfter, TimeProvider time)
{
    private readonly Lock _lock = new();
    private Task<T>? _loading;
    private long? _failedAt; // null: what failed may pass at once

    /// <summary>Whether it is there.</summary>
    public bool IsLoaded => _loading is { IsCompletedSuccessfully: true };

    /// <summary>Whether it is there, or on its way.</summary>
    public bool IsWanted => _loading is { IsFaulted: false };

    /// <summary>Why it could not be loaded; null: it could, or was not asked for.</summary>
    public string? Problem => _loading is { IsFaulted: true } failed ? failed.Exception!.InnerException!.Message : null;

    /// <summary>What was loaded.</summary>
    /// <exception cref="ModelUnavailableException">It could not be loaded.</exception>
    /// <exception cref="OrleansException">Another node, which is needed for it, did not answer; whoever asks next makes it try again.</exception>
    public Task<T> Get()
    {
        lock (_lock)
        {
            bool mayRetry = _loading is { IsFaulted: true } && (_failedAt is null || time.GetElapsedTime(_failedAt.Value) >= retryAfter);
            return _loading is null || mayRetry ? _loading = Load() : _loading;
        }
    }

    private async Task<T> Load()
    {
        try
        {
            return await load();
        }
        catch (Exception exception) when (LostCall.Is(exception))
        {
            // Another node did not answer: that says nothing of the model.
            _failedAt = null;
            throw;
        }
        catch (Exception exception)
        {
            _failedAt = time.GetTimestamp();
            throw exception as ModelUnavailableException
                ?? new ModelUnavailableException(model, retryAfter, $"The model '{model}' could not be loaded: {exception.Message}");
        }
    }
}
