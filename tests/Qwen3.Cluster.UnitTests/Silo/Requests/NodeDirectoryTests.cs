using System.Net;
using Orleans.Runtime;
using Qwen3.Cluster.Silo.Requests;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public sealed class NodeDirectoryTests
{
    private static readonly GrainId Grain = GrainId.Create("gateway", "a");
    private readonly NodeDirectory _directory = new();

    [Fact]
    public async Task TheFirstActivationStaysUntilItLeaves()
    {
        GrainAddress first = Activation(), second = Activation();
        Assert.Null(await _directory.Lookup(Grain));
        Assert.Same(first, await _directory.Register(first));
        Assert.Same(first, await _directory.Register(second));
        Assert.Same(first, await _directory.Lookup(Grain));

        // Not what somebody else has entered.
        await _directory.Unregister(second);
        Assert.Same(first, await _directory.Lookup(Grain));
        await _directory.Unregister(first);
        Assert.Null(await _directory.Lookup(Grain));
    }

    [Fact]
    public async Task AnActivationTakesThePlaceOfTheOneThatItKnows()
    {
        GrainAddress first = Activation(), second = Activation(), third = Activation();
        await _directory.Register(first);
        Assert.Same(first, await _directory.Register(third, previousAddress: second));
        Assert.Same(second, await _directory.Register(second, previousAddress: first));
        Assert.Same(second, await _directory.Lookup(Grain));
    }

    private static GrainAddress Activation() => new()
    {
        GrainId = Grain,
        ActivationId = ActivationId.NewId(),
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 1),
    };
}
