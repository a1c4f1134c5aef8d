using System.Diagnostics;
using System.Reflection;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// What someone waits for who asks one question: from the start of the built program to the first token of the reply, and to its end.
/// Build the program in Release first.
/// </summary>
internal static class StartupBenchmark
{
    private const int Rounds = 9;

    public static int Run(string[] args)
    {
        string root = typeof(StartupBenchmark).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot").Value!;
        string program = Path.Combine(root, "src/Qwen3.Cluster.Cli/bin/Release/net10.0/qwen3.dll");
        ProcessStartInfo start = new("dotnet", [program, "chat", "What is 47 + 38?", "--json", .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        (double FirstToken, double End)[] rounds = [.. Enumerable.Range(0, Rounds).Select(_ => Ask(start))];
        Console.WriteLine($"first token {Median(rounds.Select(round => round.FirstToken)),6:F2} s after the start (first round {rounds[0].FirstToken:F2})");
        Console.WriteLine($"end         {Median(rounds.Select(round => round.End)),6:F2} s");
        return 0;
    }

    private static (double FirstToken, double End) Ask(ProcessStartInfo start)
    {
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        double? firstToken = null;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (line.Contains("\"delta\"", StringComparison.Ordinal))
            {
                firstToken ??= Stopwatch.GetElapsedTime(began).TotalSeconds;
            }
        }

        process.WaitForExit();
        return firstToken is { } first && process.ExitCode == 0
            ? (first, Stopwatch.GetElapsedTime(began).TotalSeconds)
            : throw new InvalidOperationException($"The program ended with the exit code {process.ExitCode}.");
    }

    private static double Median(IEnumerable<double> seconds) => seconds.Order().ElementAt(Rounds / 2);
}
