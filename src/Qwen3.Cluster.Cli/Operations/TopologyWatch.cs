using Qwen3.Cluster.Client;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Operations;

/// <summary>Shows the topology again and again.</summary>
/// <param name="ask">Gives it.</param>
/// <param name="writer">Shows it.</param>
/// <param name="time">Waits between two.</param>
public sealed class TopologyWatch(Func<CancellationToken, Task<Topology>> ask, TopologyWriter writer, TimeProvider time)
{
    /// <summary>Runs until it is cancelled. A server that goes away while it is watched may come back; one that is not there at the start is an error.</summary>
    /// <param name="interval">From one answer to the next question.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="Qwen3ClientException">The first answer is an error.</exception>
    public async Task RunAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        writer.Clear();
        writer.Replace(await ask(cancellationToken));
        while (true)
        {
            await Task.Delay(interval, time, cancellationToken);
            try
            {
                writer.Replace(await ask(cancellationToken));
            }
            catch (Qwen3ClientException exception)
            {
                writer.WriteProblem(exception.Message);
            }
        }
    }
}
