using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Model.Generation;

/// <summary>What a model's publisher recommends where a request says nothing.</summary>
public static class SamplingDefaults
{
    // Qwen3's model cards. Greedy decoding is advised against in the thinking mode: it can repeat itself without end.
    private const double ThinkingTemperature = 0.6;
    private const double ThinkingTopP = 0.95;
    private const double PlainTemperature = 0.7;
    private const double PlainTopP = 0.8;
    private const int TopK = 20;

    /// <summary>The parameters for one mode.</summary>
    /// <param name="config">
    /// generation_config.json, whose values go first. It has room for one mode: that of a model with both holds temperature and
    /// top_p of the thinking mode (0.6 and 0.95), and where it holds just these, the other mode takes the model card's (0.7 and 0.8).
    /// A file that does not sample (<c>do_sample: false</c>) gives temperature 0. Null: the model card's values.
    /// </param>
    /// <param name="thinking">Whether the reply begins with thinking.</param>
    public static SamplingParameters For(GenerationConfig? config, bool thinking)
    {
        double? temperature = config?.DoSample == false ? 0 : config?.Temperature;
        double? topP = config?.TopP;
        if (!thinking && temperature is ThinkingTemperature && topP is ThinkingTopP)
        {
            (temperature, topP) = (null, null);
        }

        return new SamplingParameters
        {
            Temperature = (float)(temperature ?? (thinking ? ThinkingTemperature : PlainTemperature)),
            TopP = (float)(topP ?? (thinking ? ThinkingTopP : PlainTopP)),
            TopK = config?.TopK ?? TopK,
            MinP = (float)(config?.MinP ?? 0),
            RepetitionPenalty = (float)(config?.RepetitionPenalty ?? 1),
        };
    }
}
