using System.Diagnostics;
using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Model.Demo;

namespace Qwen3.Cluster.Benchmarks;

/// <summary>
/// Whether answers come in time: sums for the embedded model, through the grains of one process, with thinking, at a rate that does not wait for
/// answers. Response times from 0.5 to 30 s, under hardly any load, at the capacity, and at twice that. Each load twice, with the same questions: the
/// server is told the response times; and it is not, answers first come, first served, and the clients give up when their time is over.
/// </summary>
internal static class DeadlineBenchmark
{
    private const int Places = 32;

    public static async Task<int> Run(string[] args)
    {
        var arguments = new BenchmarkArguments(args, "seconds", "seed", "threads");
        TimeSpan duration = TimeSpan.FromSeconds(arguments.Get("seconds", 30));
        int seed = arguments.Get("seed", 1);
        int port = BenchmarkSilo.FreePort();
        await using BenchmarkSilo silo = await BenchmarkSilo.Start(
            port, port, EmbeddedModel.Directory, shards: 4, arguments.Get("threads", Environment.ProcessorCount), maxWaiting: 100_000);
        await AskTwoAtOnce(silo, seed);
        double capacity = await MeasureCapacity(silo, duration / 2, seed);
        Console.WriteLine($"capacity: {capacity:0.0} whole answers a second, {Places} at once, {duration.TotalSeconds:0} s of each load, seed {seed}");
        Console.WriteLine("load        server knows   asked  admitted  refused  in time   latest  by time  cut off  right of in time  right and in time/s");
        foreach (double load in (double[])[0.05, 1, 2])
        {
            List<TimedQuestion> questions = TimedQuestion.Poisson(new Random(seed), load * capacity, duration);
            foreach (bool told in (bool[])[true, false])
            {
                Print($"{load:0.00} ×", told, await AskAll(silo, questions, told), duration);
            }
        }

        return 0;
    }

    // Loads the model, and compiles what the first questions need.
    private static async Task AskTwoAtOnce(BenchmarkSilo silo, int seed)
    {
        foreach (TimedQuestion[] pair in TimedQuestion.Poisson(new Random(seed), 10, TimeSpan.FromSeconds(3)).Chunk(2))
        {
            await Retry(() => Task.WhenAll(pair.Select(question => (question with { ResponseTime = TimeSpan.FromMinutes(10) }).Ask(silo, told: false))));
        }
    }

    private static async Task Retry(Func<Task> action)
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                await action();
                return;
            }
            catch (ModelUnavailableException) when (tries < 100)
            {
                await Task.Delay(100);
            }
        }
    }

    private static async Task<double> MeasureCapacity(BenchmarkSilo silo, TimeSpan duration, int seed)
    {
        long started = Stopwatch.GetTimestamp();
        int[] ended = await Task.WhenAll(Enumerable.Range(0, Places).Select(async place =>
        {
            int count = 0;
            var random = new Random((seed * Places) + place);
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                await new TimedQuestion(TimeSpan.Zero, random.Next(1000), random.Next(1000), TimeSpan.FromMinutes(10)).Ask(silo, told: false);
                count++;
            }

            return count;
        }));
        return ended.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<TimedAnswer[]> AskAll(BenchmarkSilo silo, List<TimedQuestion> questions, bool told)
    {
        long started = Stopwatch.GetTimestamp();
        var answers = new List<Task<TimedAnswer>>();
        foreach (TimedQuestion question in questions)
        {
            TimeSpan wait = question.Arrival - Stopwatch.GetElapsedTime(started);
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            answers.Add(Task.Run(() => question.Ask(silo, told)));
        }

        return await Task.WhenAll(answers);
    }

    private static void Print(string load, bool told, TimedAnswer[] answers, TimeSpan duration)
    {
        TimedAnswer[] admitted = [.. answers.Where(answer => answer.IsAdmitted)];
        TimedAnswer[] inTime = [.. admitted.Where(answer => answer.IsInTime)];
        int closed = inTime.Count(answer => answer.End!.Usage.ThinkingEnd == ThinkingEnd.Time);
        int cut = inTime.Count(answer => answer.End!.Reason == FinishReason.Deadline);
        int right = inTime.Count(answer => answer.IsRight);
        double latest = admitted.Length == 0 ? 0 : admitted.Max(answer => answer.Late.TotalMilliseconds);
        Console.WriteLine(
            $"{load,-12}{(told ? "times" : "nothing"),-13}{answers.Length,7}{admitted.Length,10}{answers.Length - admitted.Length,9}"
            + $"{Share(inTime.Length, admitted.Length),9}{latest,6:0} ms{closed,9}{cut,9}{Share(right, inTime.Length),18}{right / duration.TotalSeconds,21:0.00}");
    }

    private static string Share(int part, int whole) => whole == 0 ? "–" : $"{100.0 * part / whole:0.0} %";
}
