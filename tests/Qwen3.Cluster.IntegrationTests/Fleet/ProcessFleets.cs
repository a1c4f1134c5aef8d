namespace Qwen3.Cluster.IntegrationTests.Fleet;

/// <summary>Tests that start many processes: one after the other, when no others run, so that they have the cores for themselves.</summary>
[CollectionDefinition(nameof(ProcessFleets), DisableParallelization = true)]
public sealed class ProcessFleets;
