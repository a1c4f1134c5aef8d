using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>A problem before it is put in words.</summary>
/// <param name="Key">For <see cref="HoldOut"/>; null: a fact that is never held out.</param>
/// <param name="Thought">The way to the answer.</param>
/// <param name="Answer">A number, a word or a list as in <c>3, 7, 12</c>: the whole reply of the model.</param>
/// <param name="Ask">Puts it in words of a language.</param>
internal sealed record Problem(string? Key, Thought Thought, string Answer, Func<Language, SeededRandom, string> Ask)
{
    /// <summary>Where the problem is an expression, that: <c>47 + 38</c>; else null.</summary>
    public string? Expression { get; init; }

    /// <summary>Whether an exam may ask it: no training text has it.</summary>
    public bool IsHeldOut => HoldOut.Holds(Key);

    /// <summary>Whether it may be trained on: neither it nor what is worked out on the way is held out.</summary>
    public bool IsForTraining => !IsHeldOut && !Thought.Keys.Any(HoldOut.Holds);
}
