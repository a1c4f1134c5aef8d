using Npgsql;

namespace Qwen3.Cluster.Silo.Hosting.Clustering;

/// <summary>
/// The tables of a PostgreSQL database that Orleans' ADO.NET clustering uses, and the queries that it reads from there by their keys.
/// The SQL is in <c>MembershipTables.sql</c>, beside this file.
/// </summary>
internal static class MembershipTables
{
    // Any number that nobody else takes: silos that start together make the tables one after the other.
    private const long CreationLock = 0x5157454E33;

    private const string HasQueries = "SELECT count(*) = 9 FROM OrleansQuery WHERE QueryKey IN ("
        + "'InsertMembershipVersionKey', 'InsertMembershipKey', 'UpdateMembershipKey', 'UpdateIAmAlivetimeKey', 'MembershipReadRowKey', "
        + "'MembershipReadAllKey', 'GatewaysQueryKey', 'DeleteMembershipTableEntriesKey', 'CleanupDefunctSiloEntriesKey')";

    /// <summary>Whether all is there, made by this program or by Orleans' own scripts.</summary>
    public static async Task<bool> ExistAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string HasTables =
            "SELECT to_regclass('OrleansQuery') IS NOT NULL AND to_regclass('OrleansMembershipTable') IS NOT NULL "
            + "AND to_regclass('OrleansMembershipVersionTable') IS NOT NULL";
        return await IsTrue(HasTables) && await IsTrue(HasQueries);

        async Task<bool> IsTrue(string query)
        {
            await using var command = new NpgsqlCommand(query, connection);
            return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
    }

    /// <summary>Makes what is missing and leaves alone what is there. Safe while other processes do the same.</summary>
    public static async Task CreateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Type type = typeof(MembershipTables);
        using var script = new StreamReader(type.Assembly.GetManifestResourceStream(type, $"{type.Name}.sql")!);

        // Locks of this kind go with their transaction.
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            $"SELECT pg_advisory_xact_lock({CreationLock});\n{await script.ReadToEndAsync(cancellationToken)}", connection, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
