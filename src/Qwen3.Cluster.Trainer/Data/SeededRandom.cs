using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.Trainer.Data;

/// <summary>
/// Random numbers as a function of a seed, the name of a stream and a place in it (Philox, by counter): what is drawn at one place
/// depends on nothing that was drawn before at another, so that a run goes on where it stopped.
/// </summary>
/// <param name="seed">Of the run.</param>
/// <param name="stream">What the numbers are for.</param>
/// <param name="place">Which of the things of this stream, from 0.</param>
internal sealed class SeededRandom(ulong seed, RandomStream stream, ulong place)
{
    private readonly uint[] _block = new uint[4];
    private uint _drawn;

    /// <summary>32 random bits.</summary>
    public uint Bits()
    {
        uint at = _drawn++;
        if (at % 4 == 0)
        {
            (_block[0], _block[1], _block[2], _block[3]) = PhiloxGenerator.Block(
                (uint)seed, (uint)(seed >> 32), at / 4, (uint)stream, (uint)place, (uint)(place >> 32));
        }

        return _block[at % 4];
    }

    /// <summary>A number in [0, 1).</summary>
    public double Uniform() => Bits() * (1.0 / (1UL << 32));

    /// <summary>A whole number from 0 to <paramref name="bound"/> − 1.</summary>
    public int Below(int bound) => (int)(((ulong)Bits() * (uint)bound) >> 32);

    /// <summary>A number of the normal distribution with mean 0 and spread 1 (Box and Muller).</summary>
    public float Normal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - Uniform()));
        return (float)(radius * Math.Cos(2 * Math.PI * Uniform()));
    }

    /// <summary>Whether something happens that does so with this probability.</summary>
    public bool Happens(double probability) => Uniform() < probability;

    /// <summary>One of some things, each as likely as any other.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];
}
