namespace Qwen3.Cluster.Trainer.Data.Thinking;

/// <summary>
/// The way to an answer, paragraph by paragraph, and the keys of the problems that are solved on it. Each paragraph holds all that the next one needs:
/// what is left of the operands is written anew, shorter by what has been used, so that every step is an easy one near to where it reads from.
/// </summary>
internal sealed class Thought
{
    private readonly List<string> _paragraphs = [];
    private readonly List<string> _keys = [];

    /// <summary>The paragraphs; none holds a blank line.</summary>
    public IReadOnlyList<string> Paragraphs => _paragraphs;

    /// <summary>Of the problems solved on the way.</summary>
    public IReadOnlyList<string> Keys => _keys;

    /// <summary>Adds a paragraph.</summary>
    public void Add(string paragraph) => _paragraphs.Add(paragraph);

    /// <summary>Adds the last paragraph, which says the answer.</summary>
    public void Conclude(string answer) => Add($"So {answer}.");

    /// <summary>Notes that a problem is solved on the way.</summary>
    public void Note(string? key)
    {
        if (key is not null)
        {
            _keys.Add(key);
        }
    }
}
