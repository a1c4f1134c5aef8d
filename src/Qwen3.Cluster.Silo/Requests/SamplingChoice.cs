using System.Security.Cryptography;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.Silo.Requests;

/// <summary>Fills in what a request leaves open about sampling.</summary>
internal static class SamplingChoice
{
    /// <summary>The model's recommended value for each that the request does not give.</summary>
    /// <param name="given">As the request has it.</param>
    /// <param name="recommended">The model's generation_config.json.</param>
    /// <param name="thinks">Whether the reply begins with thinking.</param>
    public static SamplingSettings Complete(SamplingSettings given, GenerationConfig recommended, bool thinks)
    {
        SamplingParameters defaults = SamplingDefaults.For(recommended, thinks);
        return given with
        {
            Temperature = given.Temperature ?? defaults.Temperature,
            TopP = given.TopP ?? defaults.TopP,
            TopK = given.TopK ?? defaults.TopK,
            MinP = given.MinP ?? defaults.MinP,
            PresencePenalty = given.PresencePenalty ?? defaults.PresencePenalty,
            FrequencyPenalty = given.FrequencyPenalty ?? defaults.FrequencyPenalty,
            RepetitionPenalty = given.RepetitionPenalty ?? defaults.RepetitionPenalty,
        };
    }

    /// <summary>A seed drawn by chance where the request gives none.</summary>
    /// <param name="given">As the request has it.</param>
    public static SamplingSettings WithSeed(SamplingSettings given) =>
        given with { Seed = given.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) };
}
