namespace Qwen3.Cluster.Cli.Evaluation.Questions;

/// <summary>A kind of line in a file of questions.</summary>
public interface IQuestionFormat
{
    /// <summary>Whether a line is of this kind, by the fields that it has.</summary>
    bool Fits(QuestionLine line);

    /// <summary>Reads a line that fits.</summary>
    /// <exception cref="UsageException">A field is wrong; names the file and the line.</exception>
    EvalQuestion Read(QuestionLine line);
}
