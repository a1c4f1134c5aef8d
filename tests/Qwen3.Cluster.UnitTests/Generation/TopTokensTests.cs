using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class TopTokensTests
{
    [Fact]
    public void Selects_what_a_sort_would_put_first()
    {
        Random random = new(8);
        TopTokens top = new();
        for (int round = 0; round < 400; round++)
        {
            int length = random.Next(1, 300);
            int k = random.Next(4) == 0 ? length : random.Next(0, length + 1);
            float[] row = [.. Enumerable.Range(0, length).Select(_ => (float)random.Next(round % 2 == 0 ? 6 : 1_000_000))];
            row[random.Next(length)] = float.NegativeInfinity;

            top.Select(row, k);

            int[] expected = [.. Enumerable.Range(0, length).OrderByDescending(id => row[id]).ThenBy(id => id).Take(k)];
            Assert.Equal(expected, top.Ids.ToArray());
            Assert.Equal(expected.Select(id => row[id]), top.Logits.ToArray());
        }
    }
}
