using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Tests;
using Qwen3.Cluster.UnitTests.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Checkpoints;

public sealed class CheckpointReportTests
{
    [Fact]
    public void A_good_checkpoint_is_described()
    {
        CheckpointReport report = CheckpointReport.Of(FixtureCheckpoints.Directory("tiny-dense-fp8"));

        Assert.True(report.Opens, string.Join("\n", report.Problems));
        Assert.Equal(64, report.Config!.HiddenSize);
        Assert.Equal([new WeightFileReport("model.safetensors", report.Bytes, report.TensorCount)], report.Files);
        Assert.Equal(["F8_E4M3", "BF16"], report.Types.Select(type => type.Type));
        Assert.Equal(14, report.Types[0].TensorCount);
        Assert.Equal(2 * (4 * 128 * 64 - 2 * 64 * 64 + 3 * 192 * 64), report.Types[0].Bytes);
        Assert.Equal([new ActiveParameters(0, report.Parameters!.Total)], report.Parameters.Active);
    }

    [Fact]
    public void Active_parameters_are_given_for_each_k()
    {
        CheckpointReport report = CheckpointReport.Of(FixtureCheckpoints.Directory("tiny-moe"));

        Assert.Equal(Enumerable.Range(1, 8), report.Parameters!.Active.Select(active => active.ExpertsPerToken));
        Assert.All(report.Parameters.Active, active => Assert.Equal(report.Parameters.Trunk + active.ExpertsPerToken * report.Parameters.PerExpert, active.Parameters));
        Assert.Equal(2 * 3 * 64 * 32, report.Parameters.PerExpert);
        using JsonDocument published = JsonDocument.Parse(File.ReadAllText(Path.Combine(FixtureCheckpoints.Fixtures, "report.json")));
        Assert.Equal(published.RootElement.GetProperty("tiny-moe").GetProperty("params").GetInt64(), report.Parameters.Total);
    }

    [Fact]
    public void Every_problem_is_listed()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Moe();
        builder.Config["attention_bias"] = true;
        builder.Config["hidden_act"] = "gelu";
        builder.WriteShards(name => name.Contains("experts.1", StringComparison.Ordinal) ? "b.safetensors" : "a.safetensors");
        File.WriteAllText(builder.FilePath("generation_config.json"), """{"top_p": 3, "temperature": -1}""");
        File.WriteAllBytes(builder.FilePath("b.safetensors"), [1, 2, 3]);

        CheckpointReport report = CheckpointReport.Of(builder.Directory);

        Assert.False(report.Opens);
        Assert.Null(report.Config);
        Assert.Equal(["attention_bias", "hidden_act", "temperature", "top_p", "b.safetensors"],
            report.Problems.Select(problem => new[] { "attention_bias", "hidden_act", "temperature", "top_p", "b.safetensors" }.Single(part => problem.Contains(part, StringComparison.Ordinal))));
        Assert.Equal([("a.safetensors", (int?)(builder.Tensors.Count - 3)), ("b.safetensors", null)], report.Files.Select(file => (file.Name, file.TensorCount)));
    }

    [Fact]
    public void Tensors_that_do_not_match_are_listed_and_missing_ones_counted()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Moe();
        builder.Remove("model.layers.0.mlp.experts.0.up_proj.weight").Remove("model.layers.0.mlp.experts.1.up_proj.weight");
        builder.Replace(TensorData.FromFloats(TensorCatalog.FinalNorm, TensorType.BF16, new float[9], 9));
        builder.Tensors.Add(TensorData.FromFloats("extra", TensorType.BF16, new float[9], 9));
        CheckpointReport report = CheckpointReport.Of(builder.Write().Directory);

        Assert.Equal(3, report.Problems.Count);
        Assert.Contains(TensorCatalog.FinalNorm, report.Problems[0], StringComparison.Ordinal);
        Assert.Contains("experts.0.up_proj.weight\" [4, 8] (and 1 more tensors)", report.Problems[1], StringComparison.Ordinal);
        Assert.Contains("\"extra\"", report.Problems[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_of_a_much_larger_model_is_refused_at_once()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Moe().Write();
        builder.Config["num_hidden_layers"] = 1024;
        builder.Config["num_experts"] = 4096;
        builder.WriteConfig();

        CheckpointReport report = CheckpointReport.Of(builder.Directory);

        Assert.Contains(report.Problems, problem => problem.Contains("a thousand more tensors", StringComparison.Ordinal));
        Assert.InRange(report.Problems.Count, 2, 25);
    }

    [Fact]
    public void The_tokenizer_and_the_template_are_described()
    {
        JsonObject config = CheckpointBuilder.DenseConfig();
        config["vocab_size"] = 300;
        using CheckpointBuilder builder = new CheckpointBuilder(config).Write();
        File.WriteAllText(builder.FilePath("tokenizer.json"), SmallTokenizer.Json().ToJsonString());

        CheckpointReport report = CheckpointReport.Of(builder.Directory);

        Assert.True(report.Converses, string.Join("\n", report.Problems.Concat(report.Tokenizer.Problems)));
        int ids = SmallTokenizer.FirstAddedId + SmallTokenizer.AddedTokens.Length;
        Assert.Equal((ids, 300 - ids), (report.Tokenizer.VocabularySize, report.Tokenizer.PaddingRows));
        Assert.Equal(SmallTokenizer.FirstAddedId + 2, report.Tokenizer.SpecialTokens!.ImEnd);
        Assert.Equal(("July2025", false, "Hybrid"), (report.Tokenizer.ChatTemplate, report.Tokenizer.HasChatTemplate, report.Tokenizer.Thinking));
        File.WriteAllText(builder.FilePath("chat_template.jinja"), "<|im_start|><|im_end|>{{ enable_thinking }}");
        Assert.True(CheckpointReport.Of(builder.Directory).Tokenizer.HasChatTemplate);
    }

    [Fact]
    public void What_stands_in_the_way_of_a_conversation_is_apart_from_the_weights()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense().Write();
        File.WriteAllText(builder.FilePath("chat_template.jinja"), "{{ messages }}");
        CheckpointReport none = CheckpointReport.Of(builder.Directory);
        File.WriteAllText(builder.FilePath("tokenizer.json"), SmallTokenizer.Json().ToJsonString());
        CheckpointReport larger = CheckpointReport.Of(builder.Directory);

        Assert.True(none.Opens && !none.Converses);
        Assert.Equal(["tokenizer.json", "chat_template.jinja"], none.Tokenizer.Problems.Select(problem =>
            new[] { "tokenizer.json", "chat_template.jinja" }.Single(part => problem.Contains(part, StringComparison.Ordinal))));
        Assert.True(larger.Opens && !larger.Converses);
        Assert.Contains("gives the model 16", larger.Tokenizer.Problems[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void It_serialises()
    {
        CheckpointReport report = CheckpointReport.Of(FixtureCheckpoints.Directory("tiny-moe"));

        using JsonDocument json = JsonDocument.Parse(JsonSerializer.Serialize(report));

        Assert.Equal(64, json.RootElement.GetProperty("Config").GetProperty("HiddenSize").GetInt32());
        Assert.Equal(8, json.RootElement.GetProperty("Parameters").GetProperty("Active").GetArrayLength());
        Assert.Equal("BF16", json.RootElement.GetProperty("Types")[0].GetProperty("Type").GetString());
    }

    [Fact]
    public void A_directory_that_does_not_exist_is_a_problem_like_others()
    {
        CheckpointReport report = CheckpointReport.Of(Path.Combine(Path.GetTempPath(), "no-such-checkpoint"));

        Assert.Contains("does not exist", Assert.Single(report.Problems), StringComparison.Ordinal);
        Assert.False(report.Converses);
        Assert.Empty(report.Tokenizer.Problems);
        Assert.Null(report.Tokenizer.ChatTemplate);
    }

    [Fact]
    public void A_directory_in_the_place_of_a_file_is_not_a_missing_file()
    {
        using CheckpointBuilder builder = CheckpointBuilder.Dense().Write();
        File.Delete(builder.FilePath("config.json"));
        Directory.CreateDirectory(builder.FilePath("config.json"));
        Directory.CreateDirectory(builder.FilePath("generation_config.json"));

        CheckpointReport report = CheckpointReport.Of(builder.Directory);

        Assert.Contains(report.Problems, problem => problem.StartsWith(builder.FilePath("config.json") + " is a directory", StringComparison.Ordinal));
        Assert.Contains(report.Problems, problem => problem.StartsWith(builder.FilePath("generation_config.json") + " is a directory", StringComparison.Ordinal));
    }
}
