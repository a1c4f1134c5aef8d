namespace Qwen3.Cluster.Silo.Hosting.Clustering;

/// <summary>The store of a cluster's silos, or the cluster itself, cannot be reached.</summary>
/// <param name="message">One sentence: what, where, why, and the setting to look at.</param>
/// <param name="cause">What its client threw.</param>
public sealed class ClusterUnavailableException(string message, Exception? cause = null) : Exception(message, cause);
