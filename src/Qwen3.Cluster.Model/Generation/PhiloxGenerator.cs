namespace Qwen3.Cluster.Model.Generation;

/// <summary>
/// Random numbers as a function of where they are used, without state: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random
/// numbers: as easy as 1, 2, 3", 2011). A reply that is pushed back, or goes on elsewhere, draws the same numbers.
/// </summary>
internal static class PhiloxGenerator
{
    /// <summary>A number in [0, 1), of 53 random bits.</summary>
    /// <param name="seed">The request's seed.</param>
    /// <param name="sample">Which of its replies.</param>
    /// <param name="position">Which token of the reply, from 0.</param>
    public static double Uniform(ulong seed, int sample, int position)
    {
        (uint low, uint high, _, _) = Block((uint)seed, (uint)(seed >> 32), (uint)position, (uint)sample, 0, 0);
        return ((((ulong)high << 32) | low) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>The 128 bits for one key and counter.</summary>
    internal static (uint, uint, uint, uint) Block(uint k0, uint k1, uint c0, uint c1, uint c2, uint c3)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong product0 = Math.BigMul(0xD2511F53, c0);
            ulong product1 = Math.BigMul(0xCD9E8D57, c2);
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }

        return (c0, c1, c2, c3);
    }

}
