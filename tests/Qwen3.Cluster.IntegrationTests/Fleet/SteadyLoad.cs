namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>
/// Streams that never stop: each asks one request of the <see cref="Workload"/> after the other and compares every reply with the expected one,
/// so that whatever a test does to a fleet meanwhile happens in mid-stream.
/// </summary>
internal sealed class SteadyLoad
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(4);

    private readonly CancellationTokenSource _cut = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Task[] _streams;
    private readonly int[] _replies;
    private volatile bool _ending;

    private SteadyLoad(int streams, string[] expected, Func<int, CancellationToken, Task<string>> ask)
    {
        _replies = new int[streams];
        _streams = [.. Enumerable.Range(0, streams).Select(stream => Task.Run(() => Run(stream, expected, ask)))];
    }

    /// <summary>Starts some, and returns when each has had a first reply.</summary>
    /// <param name="streams">How many.</param>
    /// <param name="expected">The replies to the requests.</param>
    /// <param name="ask">Has one request answered.</param>
    public static async Task<SteadyLoad> Start(int streams, string[] expected, Func<int, CancellationToken, Task<string>> ask)
    {
        SteadyLoad load = new(streams, expected, ask);
        await load.GoesOn();
        return load;
    }

    /// <summary>Waits until each stream has had some more replies, of which all but the first were asked for after now.</summary>
    public async Task GoesOn(int replies = 2)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token);
        limit.CancelAfter(TimeLimit);
        int[] goals = [.. _replies.Select(count => count + replies)];
        while (_replies.Zip(goals).Any(pair => pair.First < pair.Second))
        {
            if (_streams.FirstOrDefault(stream => stream.IsCompleted) is { } failed)
            {
                await failed;
            }

            Assert.False(limit.IsCancellationRequested, $"Within {TimeLimit} the streams had {string.Join(", ", _replies)} replies, and should have had {string.Join(", ", goals)}.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Lets each stream end its reply, and throws what went wrong with any.</summary>
    /// <returns>How many replies there were in all.</returns>
    public async Task<int> End()
    {
        _ending = true;
        _cut.CancelAfter(TimeLimit);
        await Task.WhenAll(_streams);
        _cut.Dispose();
        return _replies.Sum();
    }

    private async Task Run(int stream, string[] expected, Func<int, CancellationToken, Task<string>> ask)
    {
        for (int i = stream; !_ending; i += _replies.Length)
        {
            int request = i % expected.Length;
            string reply = await ask(request, _cut.Token);
            Workload.AssertSame($"Request {request}", expected[request], reply);
            Interlocked.Increment(ref _replies[stream]);
        }
    }
}
