using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

public sealed class GenerationConfigTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void The_published_file_is_read()
    {
        File.WriteAllText(_path, """
            {"bos_token_id": 151643, "do_sample": true, "eos_token_id": [151645, 151643], "pad_token_id": 151643,
             "temperature": 0.6, "top_k": 20, "top_p": 0.95, "transformers_version": "4.51.0"}
            """);

        GenerationConfig config = GenerationConfig.Load(_path);

        Assert.Equal((true, 0.6, 0.95, 20), (config.DoSample!.Value, config.Temperature!.Value, config.TopP!.Value, config.TopK!.Value));
        Assert.Equal([151645, 151643], config.EosTokenIds);
        Assert.Equal((151643, 151643), (config.BosTokenId!.Value, config.PadTokenId!.Value));
        Assert.Null(config.MinP);
        Assert.Null(config.RepetitionPenalty);
    }

    [Fact]
    public void A_missing_file_says_nothing()
    {
        GenerationConfig config = GenerationConfig.Load(_path + ".none");

        Assert.Null(config.Temperature);
        Assert.Empty(config.EosTokenIds);
    }

    [Theory]
    [InlineData("""{"temperature": -0.1}""", "temperature")]
    [InlineData("""{"temperature": 2.01}""", "temperature")]
    [InlineData("""{"top_p": 0}""", "top_p")]
    [InlineData("""{"top_p": 1e-60}""", "top_p")]
    [InlineData("""{"top_p": 1.5}""", "top_p")]
    [InlineData("""{"top_k": 2.5}""", "top_k")]
    [InlineData("""{"min_p": 2}""", "min_p")]
    [InlineData("""{"repetition_penalty": 0}""", "repetition_penalty")]
    [InlineData("""{"repetition_penalty": 10.5}""", "repetition_penalty")]
    [InlineData("""{"eos_token_id": "end"}""", "eos_token_id")]
    [InlineData("""{"do_sample": 1}""", "do_sample")]
    [InlineData("""[]""", "object")]
    public void A_value_out_of_range_is_refused_by_name(string json, string part)
    {
        File.WriteAllText(_path, json);

        string message = Assert.Throws<CheckpointException>(() => GenerationConfig.Load(_path)).Message;

        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains(_path, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"temperature": 2, "top_p": 1, "min_p": 1, "repetition_penalty": 10, "top_k": 2147483647}""")]
    [InlineData("""{"temperature": 1e-60, "top_p": 1.5e-45, "min_p": 0, "repetition_penalty": 0.01, "top_k": 0}""")]
    public void What_is_read_can_be_asked_of_the_engine(string json)
    {
        File.WriteAllText(_path, json);

        SamplingParameters sampling = SamplingDefaults.For(GenerationConfig.Load(_path), thinking: true);

        RequestCheck.Check(new GenerationRequest { Id = "r", Prompt = [1], Sampling = sampling }, vocabularySize: 2, expertsPerToken: 1, contextLength: 9);
    }

    [Fact]
    public void Zero_is_a_temperature_and_a_min_p()
    {
        File.WriteAllText(_path, """{"temperature": 0, "min_p": 0.0, "top_k": 0}""");

        GenerationConfig config = GenerationConfig.Load(_path);

        Assert.Equal((0, 0, 0), (config.Temperature, config.MinP, config.TopK));
    }
}
