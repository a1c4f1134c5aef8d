namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>
/// Words to spell. They are in capitals, which the tokenizer never merges within a word (see <see cref="Tokenizer.VocabularyText"/>): a letter is a token,
/// as a digit is.
/// </summary>
internal static class LetterWord
{
    private const string Vowels = "AEIOU", Consonants = "BCDFGHJKLMNPQRSTVWXYZ";

    /// <summary>Letters by chance: consonants and vowels by turns for the most part.</summary>
    public static string Draw(SeededRandom random, int length)
    {
        char[] letters = new char[length];
        bool isVowel = random.Happens(0.4);
        for (int i = 0; i < length; i++)
        {
            letters[i] = isVowel ? Vowels[random.Below(Vowels.Length)] : Consonants[random.Below(Consonants.Length)];
            isVowel = random.Happens(0.85) ? !isVowel : isVowel;
        }

        return new string(letters);
    }

    /// <summary>A letter, vowels being as frequent as consonants.</summary>
    public static char DrawLetter(SeededRandom random) =>
        random.Happens(0.5) ? Vowels[random.Below(Vowels.Length)] : Consonants[random.Below(Consonants.Length)];
}
