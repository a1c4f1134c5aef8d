using System.Text;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>
/// The line between training and examination: a problem's key, made of its task and operands whatever the words and the language, is hashed, and
/// one key in twenty is held out. No training text asks a problem that is held out, nor works one out on its way to something else.
/// </summary>
internal static class HoldOut
{
    private const ulong OneIn = 20;

    /// <summary>Whether training must not see the problem. One without a key is a fact, such as 7 + 8: it belongs to training, and no exam asks it.</summary>
    public static bool Holds(string? key) => key is not null && Hash(key) % OneIn == 0;

    // FNV-1a (Fowler, Noll and Vo), then the finaliser of SplitMix64 (Steele, Lea and Flood, 2014): FNV's low bits alone are not even enough.
    private static ulong Hash(string key)
    {
        ulong value = 0xCBF29CE484222325;
        foreach (byte unit in Encoding.UTF8.GetBytes(key))
        {
            value = (value ^ unit) * 0x100000001B3;
        }

        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
