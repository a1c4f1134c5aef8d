using System.Text;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>The ways of asking the same thing in each language; a slot is a name in braces.</summary>
internal sealed record Wording(string[] English, string[] Chinese, string[] German, string[] Spanish)
{
    /// <summary>Picks a way, and fills its slots.</summary>
    public string Ask(Language language, SeededRandom random, params ReadOnlySpan<(string Slot, string Value)> values)
    {
        StringBuilder text = new(random.Pick(language switch
        {
            Language.English => English,
            Language.Chinese => Chinese,
            Language.German => German,
            _ => Spanish,
        }));
        foreach ((string slot, string value) in values)
        {
            text.Replace(slot, value);
        }

        return text.ToString();
    }
}
