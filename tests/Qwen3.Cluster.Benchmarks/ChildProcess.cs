using System.Diagnostics;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>This program once more, as another process that does what it is told a line at a time, and ends with this one.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>Starts it and waits until it says that it is ready.</summary>
    /// <param name="cores">The only cores that its threads run on, as <c>taskset</c> names them; null: all.</param>
    /// <param name="args">The command line.</param>
    public static ChildProcess Start(string? cores, params string[] args)
    {
        string program = Environment.ProcessPath!;
        var start = cores is null ? new ProcessStartInfo(program, args) : new ProcessStartInfo("taskset", ["-c", cores, program, .. args]);
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        var child = new ChildProcess(Process.Start(start)!);
        child.Read();
        return child;
    }

    /// <summary>The child's side: says that it is ready, and answers each line until the other process closes the input or is gone.</summary>
    public static void Serve(Func<string, string> answer)
    {
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line)
        {
            Console.WriteLine(answer(line));
        }
    }

    /// <summary>Says a line and waits for the answer.</summary>
    public string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        return Read();
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeToEnd))
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private string Read() => _process.StandardOutput.ReadLine()
        ?? throw new InvalidOperationException($"The process '{string.Join(' ', _process.StartInfo.ArgumentList)}' ended before it answered; what it wrote is above.");
}
