using System.CommandLine;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Qwen3.Cluster.Cli.Hosting;
using Qwen3.Cluster.Client;
using Qwen3.Cluster.Silo.Hosting;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>The options that say whom a command asks: a cluster in this process, or a server elsewhere.</summary>
public sealed class ClusterArguments
{
    private readonly Option<string?> _model = new("--model")
    {
        Description = "A checkpoint's directory or GGUF file; with --server, the name of a model, or auto: the largest that the request's limits allow. "
            + "Without it: the model that comes along, or the server's first.",
    };

    private readonly Option<string?> _server = new("--server")
    {
        Description = "Address of a running server, such as http://127.0.0.1:5080, instead of a cluster in this process.",
    };

    private readonly ModelArguments _own;

    /// <summary>Makes the options part of a command.</summary>
    public ClusterArguments(Command command)
    {
        command.Add(_model);
        command.Add(_server);
        _own = new ModelArguments(command);
    }

    /// <summary>Starts the cluster, or makes a client of the server, which connects at its first call.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="isVerbose">Whether a cluster of our own logs.</param>
    /// <param name="retries">Whether a call that a server cannot take yet is tried again. A cluster of our own has started when it is asked: what it refuses, it refuses for good.</param>
    /// <exception cref="UsageException">There is no such model, the address is none, or the options contradict each other.</exception>
    public async Task<ClusterConnection> ConnectAsync(ParseResult parsed, bool isVerbose, bool retries = true)
    {
        string? address = parsed.GetValue(_server), model = parsed.GetValue(_model);
        if (address is null)
        {
            ModelOptions served = _own.Read(parsed, model);
            OwnCluster cluster = await OwnCluster.StartAsync(served, isVerbose);
            return new ClusterConnection(cluster, new Qwen3Client(cluster.Address.ToString(), WithoutRetries), served.Name, served.Directory);
        }

        return _own.FirstGiven(parsed) is { } option
            ? throw new UsageException($"{option} is for a cluster in this process; the server of --server has its own.")
            : new ClusterConnection(null, new Qwen3Client(ServerOption.Check(address), retries ? WithShortWaits : WithoutRetries), model ?? "", null);
    }

    private static void WithoutRetries(GrpcChannelOptions options) => options.ServiceConfig = null;

    // Someone waits for the answer: a server that is not there is told of at once. One that is busy says itself when to come back.
    private static void WithShortWaits(GrpcChannelOptions options)
    {
        foreach (MethodConfig method in options.ServiceConfig!.MethodConfigs)
        {
            method.RetryPolicy!.InitialBackoff = TimeSpan.FromMilliseconds(50);
        }
    }
}
