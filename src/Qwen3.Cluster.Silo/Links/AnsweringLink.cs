using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Qwen3.Cluster.Silo.Experts;

namespace Qwen3.Cluster.Silo.Links;

/// <summary>The answering side of a link: hands requests to the shards of this process. Takes no more of them from the socket than it may work on at once.</summary>
internal sealed class AnsweringLink : IFrameHandler
{
    private readonly object _lock = new(); // with a condition for the reader: a job is free, or the link is closed
    private readonly Stack<RequestJob> _free = [];
    private readonly FrameConnection _connection;
    private readonly IShardDirectory _shards;
    private readonly int _maxContentBytes;
    private readonly int _maxJobs;
    private int _jobs;
    private bool _closed;

    /// <summary>Makes a link over a socket whose other side has proved the secret.</summary>
    /// <param name="socket">Is the link's from here on.</param>
    /// <param name="peer">The other side, as log lines name it.</param>
    /// <param name="maxContentBytes">The longest content that both sides take.</param>
    /// <param name="maxRequestsInFlight">Requests that are worked on at once.</param>
    /// <param name="shards">What can be asked.</param>
    /// <param name="logger">Gets one line when the link is closed.</param>
    public AnsweringLink(Socket socket, string peer, int maxContentBytes, int maxRequestsInFlight, IShardDirectory shards, ILogger logger)
    {
        _maxContentBytes = maxContentBytes;
        _maxJobs = maxRequestsInFlight;
        _shards = shards;
        _connection = new FrameConnection(socket, peer, maxContentBytes, this, logger);
    }

    /// <summary>Serves until the link is closed, on the calling thread.</summary>
    public void Run() => _connection.Run();

    /// <summary>Closes the link because it is no longer needed.</summary>
    /// <param name="reason">Without a full stop.</param>
    public void CloseOrderly(string reason) => _connection.CloseOrderly(reason);

    /// <summary>Sends the reply of a job, which comes back by <see cref="Return"/>.</summary>
    public void Send(RequestJob job) => _connection.Send(job);

    /// <summary>Takes a job back.</summary>
    public void Return(RequestJob job)
    {
        lock (_lock)
        {
            _free.Push(job);
            Monitor.Pulse(_lock);
        }
    }

    void IFrameHandler.Take(in FrameHeader header, FrameReader reader)
    {
        if (header.Kind != FrameKind.Request)
        {
            throw new LinkProtocolException($"a frame of kind {header.Kind} came to the answering side");
        }

        if (FreeJob() is { } job)
        {
            job.Read(header, reader.Content, _maxContentBytes, _shards);
            job.Start();
        }
    }

    void IFrameHandler.Closed(string reason)
    {
        lock (_lock)
        {
            _closed = true;
            Monitor.Pulse(_lock);
        }
    }

    // Null: the link is closed.
    private RequestJob? FreeJob()
    {
        lock (_lock)
        {
            while (!_closed && _free.Count == 0 && _jobs == _maxJobs)
            {
                Monitor.Wait(_lock);
            }

            if (_closed)
            {
                return null;
            }

            if (_free.TryPop(out RequestJob? job))
            {
                return job;
            }

            _jobs++;
            return new RequestJob(this);
        }
    }
}
