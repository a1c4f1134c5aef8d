using Qwen3.Cluster.Cli.Operations;

namespace Qwen3.Cluster.IntegrationTests.Cli.Operations;

public class TopologyTextTests
{
    [Fact]
    public void OnAWideScreenEachNodeHasItsLines()
    {
        Assert.Equal(
            """
            2 nodes on 2 hosts · 2 devices · 1 model · 7.00 GiB loaded · 3 running, 1 waiting · version 0.2.0

             node                      device     memory         experts  load        shards  routers
            ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
             rack-7:11111              cpu ×2     4.0/16.0 GiB   3,000    ██░░░ 50 %  0–2     0: 3 running, 1 waiting, cache 25 %
               pid 4711, up 3 h 5 min                                                         1: 0 running, 0 waiting, cache 0 %
               zone=a
             rack-8:11111              cuda:0 ×1  20.0/80.0 GiB  2,000    ██░░░ 50 %  2, 3
               drains
               pid 4712, up 42 s

             model  shards  routers  imbalance  replicated  choices
            ────────────────────────────────────────────────────────
             big    4 of 4  2 of 2   1.28       12 experts  12,345
            """.Split('\n'),
            TopologyText.Render(ScriptedTopology.TwoNodes(), 120, hasStyles: false));
    }

    [Fact]
    public void OnANarrowScreenTheyAreShorter()
    {
        Assert.Equal(
            """
            2 nodes on 2 hosts · 2 devices · 1 model · 7.00 GiB loaded · 3 running, 1
            waiting · version 0.2.0

             node            device         experts  load  shards  routers
            ───────────────────────────────────────────────────────────────────────────────
             rack-7:11111    cpu ×2         3,000    50 %  0–2     0: 3 running, 1 waiting
               up 3 h 5 min  4.0/16.0 GiB                          1: 0 running, 0 waiting
               zone=a
             rack-8:11111    cuda:0 ×1      2,000    50 %  2, 3
               drains        20.0/80.0 GiB
               up 42 s

             model  shards  routers  imbalance  replicated  choices
            ────────────────────────────────────────────────────────
             big    4 of 4  2 of 2   1.28       12 experts  12,345
            """.Split('\n'),
            TopologyText.Render(ScriptedTopology.TwoNodes(), 80, hasStyles: false));
    }

    [Fact]
    public void WhatIsWrongStandsBelowInWords()
    {
        string[] lines = TopologyText.Render(ScriptedTopology.Troubled(), 120, hasStyles: false);

        Assert.Equal(
            """
             model  shards  routers  imbalance  replicated  choices
            ────────────────────────────────────────────────────────
             big    4 of 4  2 of 2   1.28       12 experts  12,345
             huge   0 of 8  0 of 1   –          0 experts   0
             lost   –       –        –          –           –

            The node 10.0.0.9:11111@151234569 does not answer.
            huge: Shard 3 needs 90 GiB, and no node has more than 60 GiB.
            rack-7:11111: The model 'lost' could not be loaded: there is no directory /models/lost.
            """.Split('\n'),
            lines[^9..]);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(110)]
    [InlineData(200)]
    public void NoLineIsWiderThanTheScreen(int width)
    {
        string[] lines = TopologyText.Render(ScriptedTopology.Troubled(), width, hasStyles: false);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        Assert.DoesNotContain('\u001b', string.Concat(lines));
    }

    [Fact]
    public void StylesChangeNoCharacter()
    {
        string[] plain = TopologyText.Render(ScriptedTopology.Troubled(), 120, hasStyles: false);
        string[] styled = TopologyText.Render(ScriptedTopology.Troubled(), 120, hasStyles: true);

        Assert.Contains('\u001b', string.Concat(styled));
        Assert.Equal(plain, styled.Select(line => System.Text.RegularExpressions.Regex.Replace(line, "\u001b\\[[0-9;]*m", "").TrimEnd()));
    }
}
