using Microsoft.Extensions.Hosting;

namespace Qwen3.Cluster.Cli.Hosting;

/// <summary>A host that lives as long as its command says. The usual lifetime would stop it at Ctrl-C, which here stops a reply.</summary>
internal sealed class CommandLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
