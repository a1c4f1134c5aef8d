using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class PhiloxGeneratorTests
{
    /// <summary>The known answers for philox4x32-10 that come with its authors' Random123 library.</summary>
    [Fact]
    public void Gives_the_known_answers()
    {
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), PhiloxGenerator.Block(0, 0, 0, 0, 0, 0));
        Assert.Equal(
            (0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu),
            PhiloxGenerator.Block(uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue));
        Assert.Equal(
            (0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u),
            PhiloxGenerator.Block(0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344));
    }

    [Fact]
    public void Uniform_numbers_fill_their_range_evenly()
    {
        double[] numbers = [.. Enumerable.Range(0, 20_000).Select(position => PhiloxGenerator.Uniform(42, 1, position))];

        Assert.All(numbers, number => Assert.InRange(number, 0, 1 - double.Epsilon));
        Assert.All(numbers.GroupBy(number => (int)(number * 10)), tenth => Assert.InRange(tenth.Count(), 1800, 2200));
    }
}
