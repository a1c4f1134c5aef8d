using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Qwen3.Cluster.IntegrationTests.Hosting;

/// <summary>A server that a test has for itself, on a free loopback port, with its files in a temporary directory.</summary>
internal abstract class StoreServer : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private Process? _process;

    protected StoreServer(string name)
    {
        DataDirectory = Directory.CreateTempSubdirectory($"qwen3-{name}-").FullName;
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Port = ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    protected string DataDirectory { get; }

    /// <summary>The options of <c>qwen3 serve</c> for a cluster that keeps its list of silos here.</summary>
    public abstract string[] Settings { get; }

    public void Dispose()
    {
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(DataDirectory, recursive: true);
    }

    /// <summary>The path of a program, from those that Debian's packages install.</summary>
    protected static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => $"{version}/bin") : [])
        .Select(directory => Path.Combine(directory, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Starts it and waits until it takes connections.</summary>
    protected async Task StartAsync(string program, params string[] arguments)
    {
        _process = Process.Start(Start(program, arguments))!;
        _process.BeginOutputReadLine();
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        while (!await TakesConnections(limit.Token))
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"{program} ended with {_process.ExitCode}: {await errors}");
            }

            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>Runs a program to its end.</summary>
    protected static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(Start(program, arguments))!;
        process.BeginOutputReadLine();
        string errors = await process.StandardError.ReadToEndAsync().WaitAsync(Limit);
        await process.WaitForExitAsync().WaitAsync(Limit);
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {errors}");
    }

    /// <summary>Whether a connection is answered; a server that only listens does not count yet.</summary>
    protected abstract Task<bool> IsReadyAsync(CancellationToken cancellationToken);

    private async Task<bool> TakesConnections(CancellationToken cancellationToken)
    {
        try
        {
            return await IsReadyAsync(cancellationToken);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static ProcessStartInfo Start(string program, string[] arguments) =>
        new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
}
