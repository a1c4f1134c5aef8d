using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Qwen3.Cluster.Contracts.Messages;

namespace Qwen3.Cluster.UnitTests.Contracts.Messages;

/// <summary>Refusals keep what they say on the way from one process to another.</summary>
public sealed class SerializationTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    [Fact]
    public void Refusals_keep_their_fields()
    {
        InvalidRequestException invalid = RoundTrip(new InvalidRequestException(
        [
            new FieldViolation { Field = "sampling.n", Description = "must be 1 to 16, not 99." },
            new FieldViolation { Field = "messages", Description = "must hold at least one message." },
        ]));
        Assert.Equal("sampling.n: must be 1 to 16, not 99.; messages: must hold at least one message.", invalid.Message);
        Assert.Equal(["sampling.n", "messages"], invalid.Violations.Select(violation => violation.Field));
        Assert.Equal("must hold at least one message.", invalid.Violations[1].Description);

        QueueFullException full = RoundTrip(new QueueFullException(TimeSpan.FromSeconds(3), "The queue holds 64 requests."));
        Assert.Equal("The queue holds 64 requests.", full.Message);
        Assert.Equal(TimeSpan.FromSeconds(3), full.RetryAfter);

        ModelNotFoundException missing = RoundTrip(new ModelNotFoundException("qwen4", "There is no qwen4."));
        Assert.Equal("There is no qwen4.", missing.Message);
        Assert.Equal("qwen4", missing.Model);

        ModelUnavailableException loading = RoundTrip(new ModelUnavailableException("qwen3", TimeSpan.FromSeconds(5), "It is loading."));
        Assert.Equal("It is loading.", loading.Message);
        Assert.Equal("qwen3", loading.Model);
        Assert.Equal(TimeSpan.FromSeconds(5), loading.RetryAfter);
    }

    public void Dispose() => _services.Dispose();

    private T RoundTrip<T>(T exception) where T : Exception
    {
        // As Orleans sends it: an exception of a type that the reader does not know beforehand.
        var serializer = _services.GetRequiredService<Serializer<Exception>>();
        return Assert.IsType<T>(serializer.Deserialize(serializer.SerializeToArray(exception)));
    }
}
