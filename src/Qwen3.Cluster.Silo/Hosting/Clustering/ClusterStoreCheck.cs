using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using StackExchange.Redis;

namespace Qwen3.Cluster.Silo.Hosting.Clustering;

/// <summary>
/// Reaches the cluster's store before Orleans does, whose errors have many lines and no setting in them, and makes the tables that
/// PostgreSQL lacks.
/// </summary>
internal sealed partial class ClusterStoreCheck(ClusteringConfiguration clustering, ILogger<ClusterStoreCheck> logger) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (clustering.Store == ClusterStore.Redis ? ReachRedis() : ReachPostgres(cancellationToken));
        }
        catch (Exception e) when (e is RedisException or NpgsqlException or SocketException or TimeoutException)
        {
            string reason = e.Message.ReplaceLineEndings(" ").TrimEnd('.');
            throw new ClusterUnavailableException(
                $"{ClusteringConfiguration.Describe(clustering.Store)}, which keeps the list of the cluster's silos, cannot be used: {reason}. "
                + $"{clustering.ConnectionSetting} says where it is.",
                e);
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task ReachRedis()
    {
        ConfigurationOptions redis = ConfigurationOptions.Parse(clustering.ConnectionString);
        redis.AbortOnConnectFail = true;
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(redis);
        await connection.GetDatabase().PingAsync();
    }

    private async Task ReachPostgres(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(clustering.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        bool hasTables = await MembershipTables.ExistAsync(connection, cancellationToken);
        if (hasTables)
        {
            return;
        }

        if (!clustering.Options.CreateTables)
        {
            throw new ClusterUnavailableException(
                $"The database of {clustering.ConnectionSetting} has no tables of Orleans: run PostgreSQL-Main.sql and PostgreSQL-Clustering.sql of Orleans there, "
                + $"or set {ClusteringOptions.Section}:{nameof(ClusteringOptions.CreateTables)} to true.");
        }

        await MembershipTables.CreateAsync(connection, cancellationToken);
        LogCreated(connection.Database);
    }

    [LoggerMessage(LogLevel.Information, "Made the tables of the cluster's membership in the database '{Database}'")]
    private partial void LogCreated(string database);
}
