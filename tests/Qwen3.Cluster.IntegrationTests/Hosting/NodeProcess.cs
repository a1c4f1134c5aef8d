using System.Text;
using Qwen3.Cluster.IntegrationTests.Cli;

namespace Qwen3.Cluster.IntegrationTests.Hosting;

/// <summary>A process of <c>qwen3 serve</c>, ready once it has said where it is.</summary>
internal sealed class NodeProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly CommandProcess _process;
    private readonly StringBuilder _log = new();
    private readonly Task _logged;

    private NodeProcess(CommandProcess process)
    {
        _process = process;
        _logged = ReadLog();
    }

    /// <summary>Its log so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Where gateways reach it, as a silo says; or where it serves gRPC.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Where it tells of its health.</summary>
    public Uri Health { get; private set; } = null!;

    /// <summary>Starts one; <see cref="ReadyAsync"/> waits for it.</summary>
    /// <param name="arguments">Behind <c>serve --role</c>.</param>
    public static NodeProcess Start(params string[] arguments) => new(CommandProcess.Start(["serve", "--role", .. arguments]));

    /// <summary>Waits until it serves.</summary>
    public async Task<NodeProcess> ReadyAsync()
    {
        Address = (await ReadLineAsync()).Split(' ')[^1];
        Health = new Uri((await ReadLineAsync()).Split(' ')[^1]);
        return this;
    }

    public void Terminate() => _process.Signal(CommandProcess.SigTerm);

    public async Task<int> ExitCodeAsync()
    {
        int exitCode = await _process.ExitCodeAsync();
        await _logged.WaitAsync(Limit, TestContext.Current.CancellationToken);
        return exitCode;
    }

    public void Dispose() => _process.Dispose();

    private async Task<string> ReadLineAsync() =>
        await _process.Output.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit)
        ?? throw new InvalidOperationException($"It ended before it served: {Log}");

    private async Task ReadLog()
    {
        while (await _process.Error.ReadLineAsync() is { } line)
        {
            lock (_log)
            {
                _log.AppendLine(line);
            }
        }
    }
}
