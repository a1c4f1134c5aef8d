using Qwen3.Cluster.Contracts.Messages;
using Qwen3.Cluster.Silo.Hosting;
using Qwen3.Cluster.Silo.Requests;
using Qwen3.Cluster.Tests;

namespace Qwen3.Cluster.UnitTests.Silo.Requests;

public sealed class PortfolioRequestTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ModelFiles[] _models =
        [.. new[] { "large", "middle", "small" }.Select(name => ModelFiles.Open(new ModelOptions { Name = name, Directory = TinyChatModel.Moe.Value }, _ => { }))];

    private readonly List<string> _asked = [];
    private readonly HashSet<string> _loading = [];
    private readonly Dictionary<string, Exception> _refusals = [];

    [Fact]
    public async Task The_first_that_admits_the_request_answers()
    {
        _refusals["large"] = new ResponseTimeException(3 * Second, Second, "Late.");
        Assert.Equal("middle", await Answering("large", "middle", "small"));
        Assert.Equal(["large", "middle"], _asked);
    }

    [Fact]
    public async Task Who_is_not_loaded_gives_way_but_the_last()
    {
        _loading.UnionWith(["large", "small"]);
        _refusals["middle"] = new QueueFullException(Second, "Full.");
        Assert.Equal("small", await Answering("large", "middle", "small"));
        Assert.Equal(["middle", "small"], _asked);
    }

    [Fact]
    public async Task If_none_can_the_one_to_be_asked_again_soonest_says_so_for_all()
    {
        _refusals["large"] = new ResponseTimeException(5 * Second, 3 * Second, "Late.");
        _refusals["middle"] = new ResponseTimeException(4 * Second, 2 * Second, "Later.");
        _refusals["small"] = new ModelUnavailableException("small", null, "Broken.");

        var late = await Assert.ThrowsAsync<ResponseTimeException>(() => Answering("large", "middle", "small"));
        Assert.Equal((4 * Second, 2 * Second), (late.Earliest, late.RetryAfter));
        Assert.EndsWith("Late. Later. Broken.", late.Message, StringComparison.Ordinal);

        _refusals["large"] = new QueueFullException(Second, "Full.");
        Assert.Equal(Second, (await Assert.ThrowsAsync<QueueFullException>(() => Answering("large", "middle", "small"))).RetryAfter);

        _refusals["large"] = _refusals["middle"] = new InvalidRequestException("messages", "too long");
        Assert.Null((await Assert.ThrowsAsync<ModelUnavailableException>(() => Answering("large", "middle", "small"))).RetryAfter);
        _refusals["small"] = new InvalidRequestException("messages", "longer than the least");
        Assert.Equal(_refusals["small"], await Assert.ThrowsAsync<InvalidRequestException>(() => Answering("large", "middle", "small")));
    }

    [Fact]
    public async Task The_only_model_says_itself_why_not()
    {
        _loading.Add("small");
        _refusals["small"] = new QueueFullException(Second, "Full.");
        Assert.Equal(_refusals["small"], await Assert.ThrowsAsync<QueueFullException>(() => Answering("small")));
    }

    [Fact]
    public async Task A_failure_of_the_server_gives_no_way()
    {
        _refusals["large"] = new InvalidOperationException("bug");
        await Assert.ThrowsAsync<InvalidOperationException>(() => Answering("large", "small"));
    }

    [Fact]
    public async Task What_fails_after_the_beginning_is_not_begun_again()
    {
        ModelChoice[] choices = [.. _models.Select(model => new ModelChoice(model, model.Activations[^1]))];
        var request = new PortfolioRequest(choices, _ => Task.FromResult(true), _ => Broken());
        var events = new List<ReplyEvent>();
        await Assert.ThrowsAsync<QueueFullException>(async () =>
        {
            await foreach (ReplyEvent reply in request.Run(TestContext.Current.CancellationToken))
            {
                events.Add(reply);
            }
        });
        Assert.Single(events);

        static async IAsyncEnumerable<ReplyEvent> Broken()
        {
            await Task.Yield();
            yield return new ReplyDelta();
            throw new QueueFullException(Second, "Full.");
        }
    }

    private async Task<string> Answering(params string[] names)
    {
        _asked.Clear();
        ModelChoice[] choices = [.. names.Select(name => _models.Single(model => model.Name == name)).Select(model => new ModelChoice(model, model.Activations[^1]))];
        var request = new PortfolioRequest(choices, choice => Task.FromResult(!_loading.Contains(choice.Model.Name)), Ask);
        List<ReplyEvent> events = await request.Run(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, events.Count);
        return ((ReplyStarted)events[0]).Model;
    }

    private async IAsyncEnumerable<ReplyEvent> Ask(ModelChoice choice)
    {
        _asked.Add(choice.Model.Name);
        await Task.Yield();
        if (_refusals.TryGetValue(choice.Model.Name, out Exception? refusal))
        {
            throw refusal;
        }

        yield return new ReplyStarted { RequestId = "", Model = choice.Model.Name };
        yield return new ReplyDelta();
    }
}
