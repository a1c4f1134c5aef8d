namespace Qwen3.Cluster.Cli.Evaluation.Scoring;

/// <summary>Tells whether a reply is right: knows one question's answer, and how a model writes one.</summary>
public interface IScorer
{
    /// <summary>Whether a reply is right.</summary>
    /// <param name="reply">The reply without its thinking.</param>
    /// <param name="cancellationToken">Stops a check that takes time.</param>
    ValueTask<bool> IsRightAsync(string reply, CancellationToken cancellationToken);
}
