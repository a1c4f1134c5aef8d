namespace Qwen3.Cluster.Contracts.Grains;

/// <summary>The key of a grain that is one of several of a model: <c>model/index</c>. The model's name may hold slashes of its own.</summary>
/// <param name="Model">The model, as requests name it.</param>
/// <param name="Index">A router's replica, or a shard; from 0.</param>
public readonly record struct ModelGrainKey(string Model, int Index)
{
    /// <summary>Reads a key that <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">The text has no slash with a number behind it.</exception>
    public static ModelGrainKey Parse(string key)
    {
        int slash = key.LastIndexOf('/');
        return slash > 0 && int.TryParse(key.AsSpan(slash + 1), out int index)
            ? new ModelGrainKey(key[..slash], index)
            : throw new FormatException($"The grain key '{key}' is not of the form model/index.");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Model}/{Index}";
}
