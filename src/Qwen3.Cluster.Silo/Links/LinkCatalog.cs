using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>The links from this process to other nodes: one to each, opened when it is first asked for. Safe for several callers at once.</summary>
/// <param name="options">The settings.</param>
/// <param name="logger">Gets a line for each link that is opened, closed or cannot be opened.</param>
/// <param name="time">The clock.</param>
internal sealed partial class LinkCatalog(LinkOptions options, ILogger<LinkCatalog> logger, TimeProvider time) : IAsyncDisposable
{
    private static readonly Task<NodeLink?> None = Task.FromResult<NodeLink?>(null);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private bool _disposed;

    /// <summary>
    /// The open link to a node. If there is none it is opened, once for all who ask; the task ends when that is done. One that could not be opened
    /// is left alone for a while. Allocates nothing while the link is open.
    /// </summary>
    /// <returns>Null: it cannot be opened, and the log says why; grain calls are the way.</returns>
    public Task<NodeLink?> Get(LinkEndpoint endpoint)
    {
        Entry? replaced;
        Entry entry;
        lock (_lock)
        {
            if (_disposed)
            {
                return None;
            }

            if (_entries.TryGetValue(endpoint.Node, out replaced) && replaced.Serves(endpoint, options.RetryOpenAfter, time))
            {
                return replaced.Link;
            }

            ForgetStale();
            entry = new Entry(endpoint.Secret);
            entry.Link = Task.Factory.StartNew(() => Open(endpoint, entry), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            _entries[endpoint.Node] = entry;
        }

        if (replaced is not null)
        {
            _ = Close(replaced, "the node takes links under another secret");
        }

        return entry.Link;
    }

    /// <summary>Closes all links, and opens no more.</summary>
    public async ValueTask DisposeAsync()
    {
        Entry[] entries;
        lock (_lock)
        {
            _disposed = true;
            entries = [.. _entries.Values];
            _entries.Clear();
        }

        await Task.WhenAll(entries.Select(entry => Close(entry, "this node stops")));
    }

    private static async Task Close(Entry entry, string reason)
    {
        if (await entry.Link is { } link)
        {
            link.CloseOrderly(reason);
            await link.Ended;
        }
    }

    // Nodes that are gone are not asked for again.
    private void ForgetStale()
    {
        foreach ((string node, Entry entry) in _entries)
        {
            if (entry.IsStale(options.RetryOpenAfter, time))
            {
                _entries.Remove(node);
            }
        }
    }

    private NodeLink? Open(LinkEndpoint endpoint, Entry entry)
    {
        try
        {
            NodeLink link = NodeLink.Open(endpoint, options, logger, time);
            LogOpened(endpoint.Node);
            return link;
        }
        catch (Exception exception)
        {
            // Whatever it is, there are grain calls.
            entry.FailedAt = time.GetTimestamp();
            LogNotOpened(endpoint.Node, options.RetryOpenAfter.TotalSeconds, (exception as LinkBrokenException)?.Reason ?? exception.Message);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Information, "The link to node {Node} is open")]
    private partial void LogOpened(string node);

    [LoggerMessage(LogLevel.Warning, "There is no link to node {Node}, and its shards are asked by grain calls for {Seconds} s at least: {Reason}")]
    private partial void LogNotOpened(string node, double seconds, string reason);

    private sealed class Entry(byte[] secret)
    {
        public Task<NodeLink?> Link { get; set; } = None;

        // Of a link that could not be opened.
        public long FailedAt { get; set; }

        // Whether its link is what someone who asks now should get.
        public bool Serves(LinkEndpoint endpoint, TimeSpan retryAfter, TimeProvider time) =>
            secret.AsSpan().SequenceEqual(endpoint.Secret) && !IsStale(retryAfter, time);

        // Not when the link is open, or being opened, or left alone for a while.
        public bool IsStale(TimeSpan retryAfter, TimeProvider time) =>
            Link.IsCompleted && (Link.Result is { } link ? !link.IsOpen : time.GetElapsedTime(FailedAt) >= retryAfter);
    }
}
