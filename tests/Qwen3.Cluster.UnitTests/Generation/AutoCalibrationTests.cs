using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public sealed class AutoCalibrationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("qwen3-regulator-").FullName;

    [Fact]
    public void What_was_saved_is_loaded_and_nothing_else_is_left_behind()
    {
        Assert.Null(AutoCalibration.Load(_directory));
        new AutoCalibration { Threshold = 0.1, ProbeTokens = 9 }.Save(_directory);
        AutoCalibration saved = new() { Threshold = 0.123456789, ProbeTokens = 7 };
        saved.Save(_directory);

        Assert.Equal(saved, AutoCalibration.Load(_directory));
        Assert.Single(Directory.GetFiles(_directory));
    }

    [Fact]
    public void A_model_that_is_one_file_has_it_beside_itself()
    {
        string gguf = Path.Combine(_directory, "model.gguf");
        File.WriteAllText(gguf, "");
        AutoCalibration saved = new() { Threshold = 0.5, ProbeTokens = 7 };
        saved.Save(gguf);

        Assert.Equal(saved, AutoCalibration.Load(gguf));
        Assert.True(File.Exists(Path.Combine(_directory, AutoCalibration.FileName)));
    }

    [Theory]
    [InlineData("""{ "probe_tokens": 24 }""", "threshold")]
    [InlineData("""{ "threshold": 0.5 }""", "probe_tokens")]
    [InlineData("""{ "threshold": -0.1, "probe_tokens": 24 }""", "threshold")]
    [InlineData("""{ "threshold": 2.1, "probe_tokens": 24 }""", "threshold")]
    [InlineData("""{ "threshold": 0.5, "probe_tokens": 0 }""", "probe_tokens")]
    [InlineData("""{ "threshold": 0.5, "probe_tokens": 1025 }""", "probe_tokens")]
    [InlineData("""{ "threshold": """, "JSON")]
    public void A_damaged_file_is_refused_by_its_name_and_the_fields(string json, string part)
    {
        File.WriteAllText(Path.Combine(_directory, AutoCalibration.FileName), json);
        string message = Assert.Throws<CheckpointException>(() => AutoCalibration.Load(_directory)).Message;
        Assert.Contains("regulator.json", message, StringComparison.Ordinal);
        Assert.Contains(part, message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
