using Npgsql;

namespace Qwen3.Cluster.IntegrationTests.Hosting;

/// <summary>A PostgreSQL of the Debian package <c>postgresql</c>. It refuses to run as root, so root lends it to nobody.</summary>
internal sealed class PostgresServer() : StoreServer("postgres")
{
    private const string Nobody = "nobody";

    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=qwen3;Database=postgres;Timeout=5";

    public override string[] Settings =>
    [
        "--set", "Orleans:Clustering:ProviderType=AdoNet", "--set", "Orleans:Clustering:Invariant=Npgsql",
        "--set", $"Orleans:Clustering:ConnectionString={ConnectionString}",
    ];

    /// <summary>Starts one; skips the test where there is no such program.</summary>
    public static async Task<PostgresServer> StartAsync()
    {
        string? program = Find("postgres");
        string? initialize = Find("initdb");
        Assert.SkipWhen(program is null || initialize is null, "There is no PostgreSQL here: install the Debian package postgresql.");
        var server = new PostgresServer();
        try
        {
            string data = Path.Combine(server.DataDirectory, "data");
            if (Environment.IsPrivilegedProcess)
            {
                await RunAsync("chown", Nobody, server.DataDirectory);
            }

            await RunUnprivileged(RunAsync, initialize!, "-D", data, "-U", "qwen3", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale", "C");
            await RunUnprivileged(
                server.StartAsync, program!, "-D", data, "-p", $"{server.Port}", "-h", "127.0.0.1", "-k", server.DataDirectory, "-c", "fsync=off");
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    protected override async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false");
            await connection.OpenAsync(cancellationToken);
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static Task RunUnprivileged(Func<string, string[], Task> run, string program, params string[] arguments) => Environment.IsPrivilegedProcess
        ? run("setpriv", ["--reuid", Nobody, "--regid", "nogroup", "--clear-groups", program, .. arguments])
        : run(program, arguments);
}
