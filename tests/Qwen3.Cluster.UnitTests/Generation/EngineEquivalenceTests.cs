using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>The tokens of a reply depend on its request alone, whatever happens around it.</summary>
public class EngineEquivalenceTests
{
    /// <summary>Rows a step, sequences, pages, reuse of prefixes.</summary>
    public static TheoryData<int, int, int, bool> Shapes => new()
    {
        { 512, 64, 4000, true },
        { 3, 3, 4000, true },
        { 7, 5, 4000, false },
        { 16, 8, 30, true },
        { 16, 8, 30, false },
        { 40, 40, 45, true },
        { 1, 1, 24, true },
    };

    [Fact]
    public void A_request_alone_gives_what_the_plainest_loop_gives()
    {
        using HashLanguageModel model = Model(4000);
        foreach (GenerationRequest request in Requests(seed: 1).Where(request => request.Thinking is { MaxSteps: null, MaxTokens: null }))
        {
            for (int sample = 0; sample < request.Sampling.SampleCount; sample++)
            {
                Assert.Equal(PlainLoop(model, request, sample), Baseline(request)[sample]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Batches_chunks_order_pages_and_reuse_change_no_token(int maxBatchTokens, int maxSequences, int pageCount, bool reuse)
    {
        long preemptions = 0;
        for (int seed = 1; seed <= 3; seed++)
        {
            Random random = new(seed);
            List<GenerationRequest> requests = Requests(seed);
            GenerationRequest[] arriving = [.. requests];
            random.Shuffle(arriving);
            using HashLanguageModel model = Model(pageCount);
            EngineOptions options = new()
            {
                MaxBatchTokens = maxBatchTokens, MaxSequences = maxSequences, ReusePrefixes = reuse, MaxWaiting = 100,
            };
            Engine engine = new(model, TinyTokenizer.Thinking, options, TimeProvider.System);
            HashSet<string> cancelled = [];
            List<GenerationDelta> deltas = [];
            foreach (GenerationRequest request in arriving)
            {
                Assert.True(engine.TryAdd(request));
                if (random.Next(6) == 0)
                {
                    GenerationRequest victim = request with { Id = request.Id + " cancelled" };
                    Assert.True(engine.TryAdd(victim));
                    cancelled.Add(victim.Id);
                }

                for (int steps = random.Next(6); steps > 0; steps--)
                {
                    deltas.AddRange(engine.Step());
                }

                if (cancelled.Count > 0 && random.Next(2) == 0)
                {
                    engine.Cancel(cancelled.Last());
                }
            }

            foreach (string id in cancelled)
            {
                engine.Cancel(id);
            }

            deltas.AddRange(engine.RunToEnd());
            Dictionary<(string Id, int Sample), EngineRun.ReplyOf> replies = EngineRun.Collect(deltas);
            foreach (GenerationRequest request in requests)
            {
                int[][] expected = Baseline(request);
                for (int sample = 0; sample < expected.Length; sample++)
                {
                    Assert.Equal(expected[sample], replies[(request.Id, sample)].TokenIds);
                }
            }

            Assert.Equal(requests.Sum(Samples) + arriving.Where(r => cancelled.Contains(r.Id + " cancelled")).Sum(Samples), replies.Count);
            Assert.Equal(pageCount, engine.Metrics.FreePages);
            Assert.Equal((0, 0), (engine.Metrics.Running, engine.Metrics.Waiting));
            Assert.Equal(reuse, engine.Metrics.CachedTokens > 0);
            preemptions += engine.Metrics.Preemptions;
        }

        Assert.Equal(pageCount < 50 && maxSequences > 1, preemptions > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Requests_that_move_to_another_engine_go_on_as_if_they_had_stayed(int seed)
    {
        Random random = new(seed);
        List<GenerationRequest> requests = Requests(seed);
        Dictionary<(string Id, int Sample), List<GenerationDelta>> given = requests
            .SelectMany(request => Enumerable.Range(0, Samples(request)).Select(sample => (request.Id, sample)))
            .ToDictionary(key => key, _ => new List<GenerationDelta>());
        int moves = 0;
        while (true)
        {
            // Each engine has what the last one left, and stops somewhere.
            using HashLanguageModel model = Model(4000);
            Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxBatchTokens = 64, MaxSequences = 64, MaxWaiting = 100 }, TimeProvider.System);
            foreach (GenerationRequest request in requests)
            {
                int[]?[] written = [.. Enumerable.Range(0, Samples(request)).Select(sample => given[(request.Id, sample)])
                    .Select(deltas => deltas.LastOrDefault()?.Finish is null ? deltas.SelectMany(delta => delta.TokenIds).ToArray() : null)];
                if (written.Any(tokens => tokens is not null))
                {
                    Assert.True(engine.TryAdd(request with { Written = moves == 0 ? null : written }));
                }
            }

            if (!engine.HasWork)
            {
                break;
            }

            moves++;
            for (int steps = random.Next(1, 12); steps > 0; steps--)
            {
                // The last step's deltas may be cut off anywhere, the words that close the thinking among them.
                IReadOnlyList<GenerationDelta> deltas = engine.Step();
                foreach (GenerationDelta delta in steps == 1 ? deltas.Take(random.Next(deltas.Count + 1)) : deltas)
                {
                    given[(delta.RequestId, delta.Sample)].Add(delta);
                }
            }
        }

        Assert.True(moves > 3);
        foreach (GenerationRequest request in requests)
        {
            using HashLanguageModel model = Model(4000);
            Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
            Assert.True(engine.TryAdd(request));
            Dictionary<(string, int), EngineRun.ReplyOf> alone = EngineRun.Collect(engine.RunToEnd());
            Dictionary<(string, int), EngineRun.ReplyOf> moved = EngineRun.Collect(Enumerable.Range(0, Samples(request)).SelectMany(sample => given[(request.Id, sample)]));
            foreach ((var key, EngineRun.ReplyOf expected) in alone)
            {
                EngineRun.ReplyOf reply = moved[key];
                Assert.Equal((expected.Thinking, expected.Answer), (reply.Thinking, reply.Answer));
                Assert.Equal(expected.TokenIds, reply.TokenIds);
                Assert.Equal((expected.Last.Finish, expected.Last.MatchedStop), (reply.Last.Finish, reply.Last.MatchedStop));
                Assert.Equal(
                    (expected.Last.Usage!.ThinkingTokens, expected.Last.Usage.ThinkingSteps, expected.Last.Usage.ThinkingEnd),
                    (reply.Last.Usage!.ThinkingTokens, reply.Last.Usage.ThinkingSteps, reply.Last.Usage.ThinkingEnd));
            }
        }
    }

    [Fact]
    public void Tokens_that_the_request_would_not_have_given_are_refused()
    {
        using HashLanguageModel model = Model(4000);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
        GenerationRequest request = new() { Id = "1", Prompt = [1, 2], Sampling = new SamplingParameters { MaxTokens = 3 }, Written = [[5, 6, 7, 8]] };
        Assert.Equal("Written", Assert.Throws<RequestRefusedException>(() => engine.TryAdd(request)).Field);
        Assert.Equal("Written", Assert.Throws<RequestRefusedException>(() => engine.TryAdd(request with { Written = [null] })).Field);
        Assert.Equal("Written", Assert.Throws<RequestRefusedException>(() => engine.TryAdd(request with { Written = [[5], [6]] })).Field);
        Assert.Equal("Written", Assert.Throws<RequestRefusedException>(() => engine.TryAdd(request with { Written = [[int.MaxValue]] })).Field);
        Assert.False(engine.HasWork);
    }

    [Fact]
    public void A_request_that_was_cut_off_before_its_end_gets_that_alone()
    {
        using HashLanguageModel model = Model(4000);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
        GenerationRequest request = new()
        {
            Id = "1",
            Prompt = [1, 2],
            Sampling = new SamplingParameters { MaxTokens = 3, SampleCount = 2 },
        };
        Assert.True(engine.TryAdd(request));
        Dictionary<(string, int), EngineRun.ReplyOf> alone = EngineRun.Collect(engine.RunToEnd());
        int[] first = [.. alone[("1", 0)].TokenIds];
        int[] second = [.. alone[("1", 1)].TokenIds];

        Assert.True(engine.TryAdd(request with { Written = [first, second[..1]] }));
        List<GenerationDelta> rest = engine.RunToEnd();
        GenerationDelta ended = Assert.Single(rest, delta => delta.Sample == 0);
        Assert.Empty(ended.TokenIds);
        Assert.Equal(alone[("1", 0)].Last.Finish, ended.Finish);
        Assert.Equal(second[1..], rest.Where(delta => delta.Sample == 1).SelectMany(delta => delta.TokenIds));

        Assert.True(engine.TryAdd(request with { Written = [first, null] }));
        GenerationDelta end = Assert.Single(engine.RunToEnd());
        Assert.Equal(alone[("1", 0)].Last.Finish, end.Finish);
        Assert.Equal(3, end.Usage!.ReplyTokens);
        Assert.False(engine.HasWork);
    }

    [Fact]
    public void A_limit_on_experts_is_part_of_what_the_cache_holds()
    {
        using HashLanguageModel model = Model(4000);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
        int[] prompt = [.. Enumerable.Range(0, 40)];
        foreach (int? limit in new int?[] { null, 2, 8, 2, 1 })
        {
            GenerationRequest request = new()
            {
                Id = $"{limit}",
                Prompt = prompt,
                Thinking = new ThinkingLimits { MaxExperts = limit },
                Sampling = new SamplingParameters { Temperature = 0, MaxTokens = 12 },
            };
            Assert.Equal(PlainLoop(model, request, 0), engine.Answer(request).TokenIds);
        }
    }

    [Fact]
    public void The_samples_of_a_request_run_its_prompt_once()
    {
        using HashLanguageModel model = Model(4000);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
        Assert.True(engine.TryAdd(new GenerationRequest
        {
            Id = "n",
            Prompt = [.. Enumerable.Range(0, 102)],
            Sampling = new SamplingParameters { SampleCount = 10, MaxTokens = 1, Seed = 3 },
        }));

        Dictionary<(string Id, int Sample), EngineRun.ReplyOf> replies = EngineRun.Collect(engine.RunToEnd());

        Assert.Equal(10, replies.Count);
        Assert.True(replies.Values.Select(reply => reply.TokenIds[0]).Distinct().Count() > 3);
        // 25 pages of 4, and for each the two tokens that fill none.
        Assert.Equal(102 + (9 * 2), model.RowsRun);
    }

    [Fact]
    public void The_next_turn_of_a_conversation_computes_only_what_is_new()
    {
        using HashLanguageModel model = Model(4000);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
        GenerationRequest first = new()
        {
            Id = "1", Prompt = [.. Enumerable.Range(0, 30)], Sampling = new SamplingParameters { Temperature = 0, MaxTokens = 31 },
        };
        EngineRun.ReplyOf reply = engine.Answer(first);
        GenerationRequest second = first with { Id = "2", Prompt = [.. first.Prompt, .. reply.TokenIds, 7, 8, 9] };

        EngineRun.ReplyOf next = engine.Answer(second);

        // 60 of the 61 tokens have run: 15 full pages.
        Assert.Equal(60, next.Last.Usage!.CachedPromptTokens);
        Assert.Equal(PlainLoop(model, second, 0), next.TokenIds);
    }

    [Fact]
    public void A_step_that_failed_runs_again_and_changes_nothing()
    {
        using HashLanguageModel model = Model(30);
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { MaxBatchTokens = 16, MaxSequences = 8 }, TimeProvider.System);
        List<GenerationRequest> requests = Requests(seed: 5);
        Assert.All(requests, request => Assert.True(engine.TryAdd(request)));
        int calls = 0;
        model.BeforeForward = _ =>
        {
            if (calls++ % 3 == 0)
            {
                throw new IOException("A shard has gone.");
            }
        };
        List<GenerationDelta> deltas = [];
        while (engine.HasWork)
        {
            try
            {
                deltas.AddRange(engine.Step());
            }
            catch (IOException)
            {
            }
        }

        Dictionary<(string Id, int Sample), EngineRun.ReplyOf> replies = EngineRun.Collect(deltas);
        Assert.All(requests, request => Assert.Equal(Baseline(request)[0], replies[(request.Id, 0)].TokenIds));
        Assert.Equal(30, engine.Metrics.FreePages);
    }

    internal static int Samples(GenerationRequest request) => request.Sampling.SampleCount;

    /// <summary>Blank lines, tags and ends come often enough to matter.</summary>
    internal static HashLanguageModel Model(int pageCount) => new(pageSize: 4, pageCount)
    {
        Bias = token => token switch
        {
            TinyTokenizer.BlankLine or TinyTokenizer.PointBlankLine or '\n' => 3,
            TinyTokenizer.ThinkEnd or TinyTokenizer.ThinkStart => 1.5f,
            TinyTokenizer.ImEnd => 0.5f,
            _ => 0,
        },
    };

    internal static List<GenerationRequest> Requests(int seed)
    {
        Random random = new(seed);
        int[] common = Tokens(30);
        return [.. Enumerable.Range(0, 14).Select(index => new GenerationRequest
        {
            Id = $"request {index}",
            Prompt = random.Next(3) == 0 ? Tokens(random.Next(1, 60)) : [.. common[..random.Next(8, 30)], .. Tokens(random.Next(0, 12))],
            StartsInThinking = random.Next(2) == 0,
            Thinking = new ThinkingLimits
            {
                MaxSteps = random.Next(3) == 0 ? random.Next(1, 4) : null,
                MaxTokens = random.Next(3) == 0 ? random.Next(0, 20) : null,
                MaxExperts = random.Next(4) == 0 ? random.Next(1, 9) : null,
            },
            Sampling = new SamplingParameters
            {
                Temperature = random.Next(4) == 0 ? 0 : 1.2f,
                TopK = random.Next(2) * 20,
                TopP = random.Next(2) == 0 ? 1 : 0.9f,
                MinP = random.Next(3) == 0 ? 0.05f : 0,
                PresencePenalty = random.Next(3) == 0 ? 0.5f : 0,
                FrequencyPenalty = random.Next(3) == 0 ? 0.5f : 0,
                RepetitionPenalty = random.Next(3) == 0 ? 1.2f : 1,
                Seed = (ulong)random.NextInt64(),
                MaxTokens = random.Next(1, 30),
                SampleCount = random.Next(4) == 0 ? random.Next(2, 5) : 1,
            },
        })];

        int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(256))];
    }

    /// <summary>The tokens of each sample when the request is alone, its prompt one chunk, and nothing is reused.</summary>
    private static int[][] Baseline(GenerationRequest request)
    {
        using HashLanguageModel model = Model(1000);
        EngineOptions options = new() { MaxBatchTokens = 4000, MaxSequences = 1, ReusePrefixes = false };
        Engine engine = new(model, TinyTokenizer.Thinking, options, TimeProvider.System);
        Assert.True(engine.TryAdd(request));
        return [.. EngineRun.Collect(engine.RunToEnd()).OrderBy(reply => reply.Key.Sample).Select(reply => reply.Value.TokenIds)];
    }

    /// <summary>Token by token, without an engine, for a request without limits on thinking.</summary>
    private static int[] PlainLoop(HashLanguageModel model, GenerationRequest request, int sample)
    {
        Sampler sampler = new(TinyTokenizer.Size, []);
        TokenCounts counts = new(request.Prompt);
        List<int> tokens = [.. request.Prompt];
        HashSet<int> banned = request.StartsInThinking ? [TinyTokenizer.ThinkStart] : [];
        for (int position = 0; position < request.Sampling.MaxTokens; position++)
        {
            float[] logits = model.Logits(tokens.ToArray(), request.Thinking.MaxExperts ?? model.ExpertsPerToken);
            int token = sampler.Choose(logits, request.Sampling, counts, [.. banned], sample, position);
            tokens.Add(token);
            counts.Add(token);
            switch (token)
            {
                case TinyTokenizer.ThinkStart:
                    banned.Add(TinyTokenizer.ThinkStart);
                    break;
                case TinyTokenizer.ThinkEnd:
                    banned.UnionWith([TinyTokenizer.ThinkStart, TinyTokenizer.ThinkEnd]);
                    break;
                case TinyTokenizer.ImEnd or TinyTokenizer.EndOfText:
                    return [.. tokens[request.Prompt.Length..]];
            }
        }

        return [.. tokens[request.Prompt.Length..]];
    }
}
