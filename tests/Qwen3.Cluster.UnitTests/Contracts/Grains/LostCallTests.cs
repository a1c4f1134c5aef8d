using Orleans.Runtime;
using Qwen3.Cluster.Contracts.Grains;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.UnitTests.Contracts.Grains;

public sealed class LostCallTests
{
    public static TheoryData<Exception, bool> Exceptions => new()
    {
        { new SiloUnavailableException("gone"), true },
        { new TimeoutException(), true },
        { new TaskCanceledException(), true }, // the directory was cut off by a change of members
        { new ModelUnavailableException("m", null, "broken"), false },
        { new QueueFullException(TimeSpan.FromSeconds(1), "full"), false },
        { new InvalidOperationException(), false },
    };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void OnlyWhatTheClusterThrewIsLost(Exception exception, bool isLost) => Assert.Equal(isLost, LostCall.Is(exception));
}
