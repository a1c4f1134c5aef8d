namespace Qwen3.Cluster.Model.Experts;

/// <summary>Tokens of one layer that are under way in an <see cref="IExpertPool"/>.</summary>
public interface IExpertCall
{
    /// <summary>Returns when all outputs are there. Called once.</summary>
    void Finish();
}
