using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Qwen3.Cluster.Cli.Evaluation.Scoring;

/// <summary>
/// Runs programs that a model wrote, each in a process and an empty directory of its own, with an empty environment and limits on time, memory, files and output.
/// That keeps mistakes small; it is no wall against malice.
/// </summary>
/// <param name="timeLimit">For one run, from its start.</param>
public sealed class PythonRunner(TimeSpan timeLimit)
{
    private const int MaxOutputBytes = 1 << 20;

    // Seconds of CPU, KiB of memory, blocks of 512 bytes of a file; -I: nothing of the user's Python is imported.
    private const string Limits = "ulimit -t 60; ulimit -v 4194304; ulimit -f 32768; ulimit -c 0; exec python3 -I program.py";

    /// <summary>Runs a program.</summary>
    /// <returns>What it wrote; null where it failed, or went over a limit.</returns>
    /// <exception cref="UsageException">There is no Python here.</exception>
    public async Task<string?> RunAsync(string program, string input, CancellationToken cancellationToken)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("qwen3-eval-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory.FullName, "program.py"), program, cancellationToken);
            return await RunInAsync(directory.FullName, input, cancellationToken);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task<string?> RunInAsync(string directory, string input, CancellationToken cancellationToken)
    {
        using Process process = Start(directory);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(timeLimit);
        try
        {
            Task<string?> output = ReadAsync(process.StandardOutput.BaseStream, stop.Token);
            Task<string?> errors = ReadAsync(process.StandardError.BaseStream, stop.Token);
            await WriteAsync(process.StandardInput, input, stop.Token);
            if (await output is not { } text || await errors is null)
            {
                return null;
            }

            await process.WaitForExitAsync(stop.Token);
            return process.ExitCode switch
            {
                0 => text,
                127 => throw new UsageException("--run-code needs python3, which is not on this machine's path."),
                _ => null,
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    private static Process Start(string directory)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", Limits])
        {
            WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        string? path = Environment.GetEnvironmentVariable("PATH");
        start.Environment.Clear();
        start.Environment["PATH"] = path;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new UsageException($"--run-code needs /bin/sh to start Python: {e.Message}.");
        }
    }

    // A program may end, or close its input, before it has read it all.
    private static async Task WriteAsync(StreamWriter writer, string input, CancellationToken cancellationToken)
    {
        try
        {
            await writer.WriteAsync(input.AsMemory(), cancellationToken);
            writer.Close();
        }
        catch (IOException)
        {
        }
    }

    /// <summary>All that comes; null as soon as it is more than a program has to say.</summary>
    private static async Task<string?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[MaxOutputBytes + 1];
        int count = 0, read;
        while ((read = await stream.ReadAsync(buffer.AsMemory(count), cancellationToken)) > 0)
        {
            count += read;
            if (count > MaxOutputBytes)
            {
                return null;
            }
        }

        return Encoding.UTF8.GetString(buffer, 0, count);
    }
}
