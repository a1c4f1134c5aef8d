namespace Qwen3.Cluster.Model.Backends;

/// <summary>Work that a <see cref="ComputeTeam"/> may cut into ranges of its items, whose results do not depend on the cuts.</summary>
public interface IParallelWork
{
    /// <summary>Does the items from <paramref name="first"/> up to, not including, <paramref name="end"/>. Must not throw.</summary>
    /// <param name="worker">Who does it: 0 to <see cref="ComputeTeam.Size"/> − 1, no two at once. For buffers of its own.</param>
    /// <param name="first">The first item.</param>
    /// <param name="end">One past the last.</param>
    void Run(int worker, int first, int end);
}
