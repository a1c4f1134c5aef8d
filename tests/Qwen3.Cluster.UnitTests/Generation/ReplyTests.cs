using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

/// <summary>What a reply consists of, from a model that says what a script has.</summary>
public class ReplyTests
{
    private const string CloseWords =
        "Considering the limited time by the user, I have to give the solution based on the thinking directly now.";

    [Fact]
    public void Thinking_and_answer_come_apart_without_tags_and_the_newlines_around_them()
    {
        EngineRun.ReplyOf reply = Answer("<think>\nFirst.\n\nSecond.\n</think>\n\nThe answer.\n<|im_end|>");

        Assert.Equal("First.\n\nSecond.", reply.Thinking);
        Assert.Equal("The answer.\n", reply.Answer);
        Assert.Equal(FinishReason.Stop, reply.Last.Finish);
        Assert.Null(reply.Last.MatchedStop);
        Assert.Equal((ThinkingEnd.Model, 2), (reply.Last.Usage!.ThinkingEnd, reply.Last.Usage.ThinkingSteps));
        Assert.Equal(TinyTokenizer.Thinking.Encode("\nFirst.\n\nSecond.\n").Length, reply.Last.Usage.ThinkingTokens);
    }

    [Fact]
    public void A_reply_that_starts_in_thinking_needs_no_opening_tag_and_an_answer_alone_keeps_its_newlines()
    {
        Assert.Equal(("So.", "42"), Texts(Answer("So.</think>42<|im_end|>", request => request with { StartsInThinking = true })));
        Assert.Equal(("", "\n42"), Texts(Answer("\n42<|im_end|>")));
        Assert.Equal(("Cut", ""), Texts(Answer("<think>Cut\n\n\n<|im_end|>")));
    }

    [Fact]
    public void Each_delta_belongs_to_one_part()
    {
        Engine engine = Engine(ScriptedLanguageModel.Replying("a<think>b</think>c<|im_end|>"));
        Assert.True(engine.TryAdd(Request()));

        List<GenerationDelta> deltas = engine.RunToEnd();

        Assert.Equal(
            [ReplyPart.Answer, ReplyPart.Thinking, ReplyPart.Thinking, ReplyPart.Thinking, ReplyPart.Answer, ReplyPart.Answer],
            deltas.Select(delta => delta.Part));
        Assert.Equal(["a", "", "b", "", "c", ""], deltas.Select(delta => delta.Text));
        Assert.Equal(TinyTokenizer.ImEnd, Assert.Single(deltas[^1].TokenIds));
    }

    [Theory]
    [InlineData(1, null, "one.", ThinkingEnd.Steps, 1)]
    [InlineData(2, null, "one.\n\ntwo.", ThinkingEnd.Steps, 2)]
    [InlineData(null, 2, "on", ThinkingEnd.Tokens, 1)]
    [InlineData(null, 5, "one.\n\nt", ThinkingEnd.Tokens, 2)]
    [InlineData(1, 2, "on", ThinkingEnd.Tokens, 1)]
    [InlineData(3, 0, "", ThinkingEnd.Tokens, 0)]
    public void A_spent_budget_puts_the_close_in(int? maxSteps, int? maxTokens, string own, ThinkingEnd end, int steps)
    {
        EngineRun.ReplyOf reply = Answer(
            "one.\n\ntwo.\n\nthree.\n\nfour.",
            request => request with
            {
                StartsInThinking = true,
                Thinking = new ThinkingLimits { MaxSteps = maxSteps, MaxTokens = maxTokens },
                Sampling = request.Sampling with { MaxTokens = 200 },
            });

        // What the model had said, the blank line that ended it where there was one, and the close with its own.
        Assert.Equal(own, reply.Thinking[..^CloseWords.Length].TrimEnd('\n'));
        Assert.EndsWith(CloseWords, reply.Thinking, StringComparison.Ordinal);
        Assert.Equal((end, steps), (reply.Last.Usage!.ThinkingEnd, reply.Last.Usage.ThinkingSteps));
        Assert.Single(reply.TokenIds, TinyTokenizer.ThinkEnd);
        Assert.True(reply.Last.Usage.ThinkingTokens <= (maxTokens ?? 100));
        Assert.Equal(ThinkingTags.CloseText, TinyTokenizer.Thinking.Decode(
            reply.TokenIds.AsSpan(reply.Last.Usage.ThinkingTokens, ThinkingTags.Of(TinyTokenizer.Thinking)!.Close.Length)));
    }

    [Fact]
    public void A_model_that_closes_at_the_limit_by_itself_is_left_alone()
    {
        EngineRun.ReplyOf steps = Answer("<think>one.\n\n</think>\n\n1<|im_end|>", With(new ThinkingLimits { MaxSteps = 1 }));
        EngineRun.ReplyOf tokens = Answer("<think>one</think>1<|im_end|>", With(new ThinkingLimits { MaxTokens = 3 }));

        Assert.Equal(("one.", "1"), Texts(steps));
        Assert.Equal(("one", "1"), Texts(tokens));
        Assert.Equal(ThinkingEnd.Model, steps.Last.Usage!.ThinkingEnd);
        Assert.Equal(ThinkingEnd.Model, tokens.Last.Usage!.ThinkingEnd);
    }

    [Fact]
    public void A_model_that_would_end_the_reply_at_the_limit_has_to_answer()
    {
        EngineRun.ReplyOf reply = Answer("<think>one<|im_end|>", request => request with
        {
            Thinking = new ThinkingLimits { MaxTokens = 3 }, Sampling = request.Sampling with { MaxTokens = 140 },
        });

        Assert.Equal("one\n\n" + CloseWords, reply.Thinking);
    }

    [Fact]
    public void Without_tags_in_the_tokenizer_everything_is_answer()
    {
        using ScriptedLanguageModel model = ScriptedLanguageModel.Replying("one.\n\ntwo.\n\n<|im_end|>");
        Engine engine = new(model, TinyTokenizer.Plain, new EngineOptions(), TimeProvider.System);

        EngineRun.ReplyOf reply = engine.Answer(With(new ThinkingLimits { MaxSteps = 1, MaxTokens = 0 })(Request()) with { StartsInThinking = true });

        Assert.Equal(("", "one.\n\ntwo.\n\n"), Texts(reply));
        Assert.Equal(0, reply.Last.Usage!.ThinkingTokens);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(60)]
    [InlineData(119)]
    public void The_cap_on_a_reply_is_exact_even_within_the_close(int maxTokens)
    {
        EngineRun.ReplyOf reply = Answer("<think>one.\n\ntwo.\n\n", request => request with
        {
            Thinking = new ThinkingLimits { MaxSteps = 1 }, Sampling = request.Sampling with { MaxTokens = maxTokens },
        });

        Assert.Equal(maxTokens, reply.TokenIds.Length);
        Assert.Equal(FinishReason.Length, reply.Last.Finish);
        Assert.StartsWith("one."[..Math.Min(4, Math.Max(0, maxTokens - 1))], reply.Thinking, StringComparison.Ordinal);
    }

    [Fact]
    public void The_models_last_position_ends_a_reply()
    {
        using ScriptedLanguageModel positions = new(_ => 'a') { MaxPositions = 30 };
        using ScriptedLanguageModel pages = new(_ => 'a') { PageCount = 3 };

        Assert.Equal(20, new Engine(positions, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System).Answer(Request()).TokenIds.Length);
        Assert.Equal(14, new Engine(pages, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System).Answer(Request()).TokenIds.Length);
    }

    [Fact]
    public void A_stop_text_ends_the_reply_before_it_across_tokens()
    {
        Engine engine = Engine(ScriptedLanguageModel.Replying("Hello, STOR, STOP and more"));
        Assert.True(engine.TryAdd(Stops("STOP")(Request())));

        List<GenerationDelta> deltas = engine.RunToEnd();

        EngineRun.ReplyOf reply = EngineRun.Collect(deltas).Values.Single();
        Assert.Equal("Hello, STOR, ", reply.Answer);
        Assert.Equal((FinishReason.Stop, "STOP"), (reply.Last.Finish, reply.Last.MatchedStop));
        Assert.Equal("Hello, STOR, STOP".Length, reply.TokenIds.Length);
        Assert.DoesNotContain(deltas, delta => delta.Text is "S" or "ST" or "STO");
    }

    [Fact]
    public void What_was_held_back_for_a_stop_text_is_not_lost_at_the_end()
    {
        Assert.Equal("Hello ST", Answer("Hello ST<|im_end|>", Stops("STOP")).Answer);
        Assert.Equal("so ST", Answer("<think>so ST</think>OP<|im_end|>", Stops("STOP")).Thinking);
    }

    [Fact]
    public void Stop_texts_are_looked_for_in_the_thinking_but_not_in_the_words_of_the_close()
    {
        Assert.Equal(("on", ""), Texts(Answer("<think>one</think>1<|im_end|>", Stops("e"))));

        EngineRun.ReplyOf closed = Answer("<think>xyz", request => Stops("limited", "\n\nC")(request) with { Thinking = new ThinkingLimits { MaxTokens = 2 } });
        Assert.Equal("xy\n\n" + CloseWords, closed.Thinking);
    }

    [Fact]
    public void Stop_tokens_end_the_reply_and_give_no_text()
    {
        EngineRun.ReplyOf reply = Answer("abcd", request => request with { Sampling = request.Sampling with { StopTokenIds = ['c'] } });

        Assert.Equal("ab", reply.Answer);
        Assert.Equal([.. "abc"u8], reply.TokenIds.Select(id => (byte)id));
        Assert.Equal((FinishReason.Stop, "c"), (reply.Last.Finish, reply.Last.MatchedStop));
    }

    [Fact]
    public void The_checkpoints_end_tokens_replace_the_tokenizers()
    {
        using ScriptedLanguageModel model = ScriptedLanguageModel.Replying("a<|im_end|>bc");
        Engine engine = new(model, TinyTokenizer.Thinking, new EngineOptions { EndTokenIds = ['c'] }, TimeProvider.System);

        EngineRun.ReplyOf reply = engine.Answer(Request());

        Assert.Equal("ab", reply.Answer);
        Assert.Equal((FinishReason.Stop, null), (reply.Last.Finish, reply.Last.MatchedStop));
    }

    [Fact]
    public void Text_comes_in_whole_characters()
    {
        Engine engine = Engine(ScriptedLanguageModel.Replying("é日🙂!<|im_end|>"));
        Assert.True(engine.TryAdd(Request()));

        string[] texts = [.. engine.RunToEnd().Select(delta => delta.Text)];

        Assert.Equal(["", "é", "", "", "日", "", "", "", "🙂", "!", ""], texts);
    }

    [Fact]
    public void Logprobs_come_with_each_token_and_those_of_the_close_are_certain()
    {
        Engine engine = Engine(ScriptedLanguageModel.Replying("<think>ab"));
        Assert.True(engine.TryAdd(Request() with
        {
            Thinking = new ThinkingLimits { MaxTokens = 1 }, Sampling = new SamplingParameters { Temperature = 0, MaxTokens = 5, Logprobs = 2 },
        }));

        TokenLogprob[] logprobs = [.. engine.RunToEnd().SelectMany(delta => delta.TokenIds.Zip(delta.Logprobs, (id, logprob) =>
        {
            Assert.Equal(id, logprob.TokenId);
            return logprob;
        }))];

        Assert.Equal(5, logprobs.Length);
        Assert.All(logprobs[..2], logprob => Assert.Equal((2, logprob.TokenId), (logprob.Top.Count, logprob.Top[0].TokenId)));
        Assert.All(logprobs[2..], logprob => Assert.Equal((0f, 0), (logprob.Logprob, logprob.Top.Count)));
    }

    private static GenerationRequest Request() => new()
    {
        Id = "r", Prompt = new int[ScriptedLanguageModel.PromptLength], Sampling = new SamplingParameters { Temperature = 0, MaxTokens = 150 },
    };

    private static Func<GenerationRequest, GenerationRequest> Stops(params string[] stops) =>
        request => request with { Sampling = request.Sampling with { StopStrings = stops } };

    private static Func<GenerationRequest, GenerationRequest> With(ThinkingLimits limits) => request => request with { Thinking = limits };

    private static (string Thinking, string Answer) Texts(EngineRun.ReplyOf reply) => (reply.Thinking, reply.Answer);

    private static EngineRun.ReplyOf Answer(string script, Func<GenerationRequest, GenerationRequest>? change = null) =>
        Engine(ScriptedLanguageModel.Replying(script)).Answer((change ?? (request => request))(Request()));

    private static Engine Engine(ScriptedLanguageModel model) => new(model, TinyTokenizer.Thinking, new EngineOptions(), TimeProvider.System);
}
