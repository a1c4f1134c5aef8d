namespace Qwen3.Cluster.Trainer.Data.Arithmetic;

/// <summary>A sum or a difference.</summary>
/// <param name="Left">0 to <see cref="LargestNumber"/>.</param>
/// <param name="IsSum">Whether the right number is added; else it is taken away.</param>
/// <param name="Right">0 to <see cref="LargestNumber"/>.</param>
internal readonly record struct ArithmeticProblem(int Left, bool IsSum, int Right)
{
    /// <summary>The model does numbers of up to three digits.</summary>
    public const int LargestNumber = 999;

    // One in so many problems is held out.
    private const ulong HeldOutOneIn = 20;

    // The steps of the thinking (7 + 8 = 15, 12 - 7 = 5) are problems, too; none of them has a number of this size.
    private const int SmallestHeldOut = 20;

    /// <summary>The result.</summary>
    public int Result => IsSum ? Left + Right : Left - Right;

    /// <summary>As people write it: <c>812 - 377</c>.</summary>
    public string Expression => $"{Left} {(IsSum ? '+' : '-')} {Right}";

    /// <summary>
    /// Whether no training text has this problem, so that an exam can ask it. The rule: of the problems with a number from
    /// 20 to 999, one in twenty, by a hash of the operation and the two numbers in either order. So 377 - 812, whose thinking computes 812 - 377, is held
    /// out together with it.
    /// </summary>
    public bool IsHeldOut
    {
        get
        {
            (int small, int large) = Left <= Right ? (Left, Right) : (Right, Left);
            return large is >= SmallestHeldOut and <= LargestNumber
                && Mix(((ulong)large << 32) | ((ulong)small << 1) | (IsSum ? 1UL : 0UL)) % HeldOutOneIn == 0;
        }
    }

    /// <summary>
    /// Draws a problem on one side of the rule. Each number has three digits in six of ten, two in three, one in one;
    /// sums and differences are as likely.
    /// </summary>
    public static ArithmeticProblem Draw(SeededRandom random, bool heldOut)
    {
        while (true)
        {
            ArithmeticProblem problem = new(DrawNumber(random), random.Happens(0.5), DrawNumber(random));
            if (problem.IsHeldOut == heldOut)
            {
                return problem;
            }
        }
    }

    private static int DrawNumber(SeededRandom random) => random.Below(10) switch
    {
        < 6 => 100 + random.Below(900),
        < 9 => 10 + random.Below(90),
        _ => random.Below(10),
    };

    // The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
