namespace Qwen3.Cluster.Trainer.Training;

/// <summary>What a phase keeps in a run's directory, beside the model, which is that of the phase at work or done last.</summary>
/// <param name="directory">Of the run.</param>
/// <param name="phase">The phase's name.</param>
internal sealed class PhaseFiles(string directory, string phase)
{
    /// <summary>Where a phase that has not ended stands.</summary>
    public string State { get; } = Path.Combine(directory, $"{phase}.state.safetensors");

    /// <summary>The weights in float32 of a phase that has ended: the next one begins with them.</summary>
    public string Weights { get; } = Path.Combine(directory, $"{phase}.weights.safetensors");

    /// <summary>The losses.</summary>
    public string Loss { get; } = Path.Combine(directory, $"{phase}.loss.csv");
}
