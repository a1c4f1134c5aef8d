using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>A <c>qwen3 serve</c> as a process of its own. It is killed when it is disposed of, and at the latest when the tests end.</summary>
internal sealed partial class NodeProcess : IAsyncDisposable
{
    public const int SigTerm = 15;
    public const int SigKill = 9;
    public const int SigStop = 19;

    private static readonly TimeSpan StartTimeLimit = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];

    private NodeProcess(string name, ProcessStartInfo start)
    {
        Name = name;
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, data) => Take(data.Data);
        _process.ErrorDataReceived += (_, data) => Take(data.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"{Name} ended: it was not to end yet."));
        _process.Start();
        AppDomain.CurrentDomain.ProcessExit += Kill;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>As the test calls it.</summary>
    public string Name { get; }

    public int Id => _process.Id;

    public bool IsRunning => !_process.HasExited;

    /// <summary>What it has written so far, on both outputs.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>The memory that it has now, in bytes.</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>The processor time that it has taken.</summary>
    public TimeSpan ProcessorTime => _process.TotalProcessorTime;

    /// <summary>Starts one.</summary>
    /// <param name="name">As messages call it.</param>
    /// <param name="arguments">After <c>qwen3 serve</c>.</param>
    /// <param name="settings">Of the configuration, by their full names; they go by the environment.</param>
    /// <param name="prefix">A command that runs it, with its arguments; empty: none.</param>
    public static NodeProcess Start(
        string name, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>> settings, params string[] prefix)
    {
        string[] command = [.. prefix, "dotnet", Path.Combine(AppContext.BaseDirectory, "qwen3.dll"), "serve", .. arguments];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            WorkingDirectory = Path.GetTempPath(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string setting, string value) in settings)
        {
            start.Environment[setting.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        // Many processes share few cores here: what makes one start sooner makes all.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new NodeProcess(name, start);
    }

    /// <summary>Waits until it serves.</summary>
    public Task Ready() => Within(_ready.Task, StartTimeLimit, "did not start");

    /// <summary>What stands behind some words of a line that it has written; null: nowhere.</summary>
    public string? Find(string pattern) =>
        Lines.Select(line => Regex.Match(line, pattern)).FirstOrDefault(match => match.Success)?.Groups[1].Value;

    /// <summary>How many shards of a model it has in memory, as its log tells.</summary>
    public int ShardsOf(string model) => Lines.Select(line => ShardLine().Match(line))
        .Where(match => match.Success && match.Groups["model"].Value == model)
        .Sum(match => match.Groups["here"].Success ? 1 : -1);

    /// <summary>Sends a signal.</summary>
    public void Signal(int signal) => Assert.Equal(0, Kill(Id, signal));

    /// <summary>Waits for its end.</summary>
    public async Task<int> Exit()
    {
        await Within(_process.WaitForExitAsync(TestContext.Current.CancellationToken), TimeSpan.FromMinutes(2), "did not end");
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= Kill;

        // Shown where a test has failed.
        TestContext.Current.TestOutputHelper?.WriteLine($"{Name} ({Id}) wrote:\n{string.Join('\n', Lines)}\n");
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lock)
        {
            _lines.Add(line);
        }

        // The last that it writes when it has started.
        if (line.StartsWith("health on ", StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }

    private async Task Within(Task task, TimeSpan limit, string failure)
    {
        try
        {
            await task.WaitAsync(limit, TestContext.Current.CancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            Assert.Fail($"{Name} {failure} ({exception.Message}):\n{string.Join('\n', Lines)}");
        }
    }

    private void Kill(object? sender, EventArgs e)
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
    }

    [GeneratedRegex(@"^ +Shard \d+ of '(?<model>[^']*)' (?:(?<here>is here)|has left)")]
    private static partial Regex ShardLine();

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
