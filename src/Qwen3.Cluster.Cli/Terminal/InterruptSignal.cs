using System.Runtime.InteropServices;

namespace Qwen3.Cluster.Cli.Terminal;

/// <summary>
/// Makes Ctrl-C cancel what is being watched. With nothing to cancel, or when that has been asked for already, it ends the process
/// as Ctrl-C does everywhere.
/// </summary>
public sealed class InterruptSignal : IDisposable
{
    private readonly PosixSignalRegistration _registration;
    private CancellationTokenSource? _watched;

    /// <summary>Starts to listen.</summary>
    public InterruptSignal() => _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);

    /// <summary>The next Ctrl-C cancels <paramref name="source"/>, until the return value is disposed.</summary>
    public IDisposable Cancels(CancellationTokenSource source)
    {
        Volatile.Write(ref _watched, source);
        return new Watch(this);
    }

    /// <inheritdoc />
    public void Dispose() => _registration.Dispose();

    private void Handle(PosixSignalContext context)
    {
        if (Volatile.Read(ref _watched) is { IsCancellationRequested: false } source)
        {
            context.Cancel = true;
            source.Cancel();
        }
    }

    private sealed class Watch(InterruptSignal signal) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref signal._watched, null);
    }
}
