using Qwen3.Cluster.Cli.Terminal;

namespace Qwen3.Cluster.IntegrationTests.Cli.Terminal;

public class ParameterCountTests
{
    [Theory]
    [InlineData("9.77B", 9_770_000_000)]
    [InlineData("800M", 800_000_000)]
    [InlineData("62.5k", 62_500)]
    [InlineData("63000", 63_000)]
    [InlineData("63,000", 63_000)]
    [InlineData("0", 0)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    public void ReadsNumbersWithAndWithoutAUnit(string text, ulong parameters)
    {
        Assert.True(ParameterCount.TryParse(text, out ulong read));
        Assert.Equal(parameters, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("B")]
    [InlineData("many")]
    [InlineData("-1")]
    [InlineData("0.5")]
    [InlineData("9.77X")]
    [InlineData("18446744073709551616")]
    [InlineData("20000000T")]
    public void RefusesWhatIsNone(string text) => Assert.False(ParameterCount.TryParse(text, out _));

    [Theory]
    [InlineData(999, "999")]
    [InlineData(62_500, "62.5K")]
    [InlineData(800_400_000, "800.4M")]
    [InlineData(22_190_000_000, "22.19B")]
    [InlineData(1_000_000_000_000, "1T")]
    public void WritesThreeDigitsOrSo(ulong parameters, string text) => Assert.Equal(text, ParameterCount.Of(parameters));
}
