using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Model.Checkpoints;

/// <summary>What turns conversations into tokens.</summary>
/// <param name="Problems">Everything for which a conversation would be refused; logits can be computed all the same.</param>
/// <param name="VocabularySize">Ids of tokenizer.json; null when it is missing or refused.</param>
/// <param name="PaddingRows">Rows of the head beyond them, which are never sampled; null when not known.</param>
/// <param name="SpecialTokens">null when tokenizer.json is missing or refused.</param>
/// <param name="ChatTemplate">The variant of Qwen's template; null when it is refused.</param>
/// <param name="HasChatTemplate">Whether the checkpoint has a template; where it has none, the hybrid one of July 2025 takes its place.</param>
/// <param name="Thinking">Whether the model thinks before it answers; null when the template is refused.</param>
public sealed record TokenizerReport(
    IReadOnlyList<string> Problems, int? VocabularySize, int? PaddingRows, SpecialTokens? SpecialTokens, string? ChatTemplate, bool HasChatTemplate, string? Thinking)
{
    /// <summary>Of a directory that is not there: nothing is known, and that it is missing need not be said for each of its files.</summary>
    internal static TokenizerReport Nothing { get; } = new([], null, null, null, null, false, null);

    internal static TokenizerReport Of(string directory, ModelConfig? config)
    {
        List<string> problems = [];
        Qwen3Tokenizer? tokenizer = Try(() => Qwen3Tokenizer.Load(directory), problems);
        ChatTemplate? template = Try(() => Tokenizer.ChatTemplate.Load(directory), problems);
        int? padding = config?.VocabularySize - tokenizer?.VocabularySize;
        if (padding < 0)
        {
            problems.Add($"{Path.Combine(directory, "tokenizer.json")} has {tokenizer!.VocabularySize} ids, but config.json gives the model {config!.VocabularySize}: "
                + "one of the two files belongs to another model.");
        }

        return new TokenizerReport(
            problems,
            tokenizer?.VocabularySize,
            padding,
            tokenizer?.SpecialTokens,
            template?.Variant.ToString(),
            template is not null && ChatTemplateFile.Find(directory) is not null,
            template?.Thinking.ToString());
    }

    private static T? Try<T>(Func<T> load, List<string> problems) where T : class
    {
        try
        {
            return load();
        }
        catch (CheckpointException e)
        {
            problems.Add(e.Message);
            return null;
        }
    }
}
