using System.Runtime.InteropServices;

namespace Qwen3.Cluster.Cli.Hosting;

/// <summary>The first SIGTERM or Ctrl-C lets a host drain; from the second on the process ends at once, as it would have without any host.</summary>
internal sealed class SecondSignal : IDisposable
{
    // What a shell reports for a process that a signal ended: 128 and the signal's number.
    private const int TerminatedExitCode = 128 + 15;

    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    /// <summary>Starts to count.</summary>
    public SecondSignal() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Handle(TerminatedExitCode)),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Handle(ExitCode.Interrupted)),
    ];

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    private void Handle(int exitCode)
    {
        if (Interlocked.Increment(ref _count) > 1)
        {
            Environment.Exit(exitCode);
        }
    }
}
