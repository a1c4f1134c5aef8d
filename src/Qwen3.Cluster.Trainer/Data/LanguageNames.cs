namespace Qwen3.Cluster.Trainer.Data;

/// <summary>What languages are called in files, and how often each is drawn.</summary>
internal static class LanguageNames
{
    /// <summary>The code of ISO 639-1: <c>en</c>.</summary>
    public static string Code(this Language language) => language switch
    {
        Language.English => "en",
        Language.Chinese => "zh",
        Language.German => "de",
        _ => "es",
    };

    /// <summary>Draws one: English in two of five, each of the others in one of five.</summary>
    public static Language Draw(SeededRandom random) => random.Below(5) switch
    {
        < 2 => Language.English,
        2 => Language.Chinese,
        3 => Language.German,
        _ => Language.Spanish,
    };
}
