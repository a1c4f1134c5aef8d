using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Silo.Experts;

/// <summary>
/// The way to some shards, and one layer's choices on that way and back. For one thread; what fails is kept until it is asked for, so that
/// a broken way holds up no other. One whose call was given up is not used again: a late answer may still come to its buffers.
/// </summary>
/// <param name="shards">The choices of each shard; filled by the owner between two calls.</param>
internal abstract class ShardRoute(ShardChoices[] shards)
{
    /// <summary>The choices of each shard. A span, because going through a list allocates.</summary>
    public ReadOnlySpan<ShardChoices> Shards => shards;

    /// <summary>Whether there are choices.</summary>
    public bool HasChoices
    {
        get
        {
            foreach (ShardChoices choices in Shards)
            {
                if (choices.Count > 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Sends the choices on their way.</summary>
    public abstract void Send(int layer, RoutedTokens tokens);

    /// <summary>Blocks until the answer is there, or what failed is known.</summary>
    /// <returns>False: the time was up.</returns>
    /// <exception cref="OperationCanceledException">The caller is to stop.</exception>
    public abstract bool Wait(TimeSpan limit, CancellationToken stopping);

    /// <summary>Puts the answers in their slots.</summary>
    /// <returns>What failed; null: nothing, and all answers are in place.</returns>
    public abstract Exception? Take(RoutedTokens tokens);

    /// <summary>Puts the answers of one shard, [choices, H], in their slots.</summary>
    protected static void Scatter(ReadOnlySpan<float> answers, ShardChoices choices, RoutedTokens tokens)
    {
        Span<float> outputs = tokens.Outputs.Span;
        int width = tokens.HiddenSize;
        ReadOnlySpan<int> slots = choices.Slots.Span;
        for (int i = 0; i < slots.Length; i++)
        {
            answers.Slice(i * width, width).CopyTo(outputs.Slice(slots[i] * width, width));
        }
    }
}
