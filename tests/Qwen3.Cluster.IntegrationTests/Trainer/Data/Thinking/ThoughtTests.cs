using Qwen3.Cluster.Trainer.Data.Thinking;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Data.Thinking;

/// <summary>The ways on paper, to the letter.</summary>
public class ThoughtTests
{
    [Theory]
    [InlineData(47, 38, "47+38: 7+8=15, 5|4+3+1=8, 85")]
    [InlineData(962, 45, "962+45: 2+5=7, 7|96+4: 6+4=10, 07|9+0+1=10, 1007")]
    [InlineData(7, 8, "7+8=15, 15")]
    public void ASumGoesByColumns(long left, long right, string columns) => Assert.Equal(columns.Split('|'), ColumnSum.Columns(left, right));

    [Theory]
    [InlineData(812, 377, "812-377: 2-7<0, 12-7=5, 5|81-37-1: 1-7-1<0, 11-7-1=3, 35|8-3-1=4, 435")]
    [InlineData(100, 95, "100-95: 0-5<0, 10-5=5, 5|10-9-1: 0-9-1<0, 10-9-1=0, 05|1-0-1=0, 005")]
    public void ADifferenceGoesByColumns(long left, long right, string columns) => Assert.Equal(columns.Split('|'), ColumnDifference.Columns(left, right));

    [Theory]
    [InlineData(47, 38, 1786, "47*38=47*8+47*30.|47*8: 7*8=56, 6; 4*8=32, 32+5=37, 376.|47*3: 7*3=21, 1; 4*3=12, 12+2=14, 141; 1410.|376+1410: 6+0=6, 6; 37+141: 7+1=8, 86; 3+14: 3+4=7, 786; 0+1=1, 1786.")]
    [InlineData(105, 40, 4200, "105*4: 5*4=20, 0; 10*4: 0*4=0, 0+2=2, 20; 1*4=4, 420; 4200.")]
    [InlineData(7, 8, 56, "7*8=56, 56.")]
    public void AProductGoesByDigits(long left, long right, long product, string paragraphs)
    {
        Thought thought = new();
        Assert.Equal(product, DigitProduct.Write(thought, left, right));
        Assert.Equal(paragraphs.Split('|'), thought.Paragraphs);
    }

    [Fact]
    public void AProductNotesWhatItWorksOut()
    {
        Thought thought = new();
        DigitProduct.Write(thought, 47, 38);
        Assert.Equal(["product 38 47", "product 8 47", "product 3 47", "sum 376 1410"], thought.Keys);
    }

    [Fact]
    public void ARemainderGoesByLongDivision()
    {
        Thought thought = new();
        Assert.Equal(2, LongDivision.Write(thought, 583, 7));
        Assert.Equal(["583 mod 7: 0|583.", "05: 0*7=0, 5-0=5, 5|83.", "58: 8*7=56, 58-56=2, 2|3.", "23: 3*7=21, 23-21=2, 2|."], thought.Paragraphs);
    }

    [Fact]
    public void SortingPutsOneAfterTheOtherIntoTheRow()
    {
        Thought thought = new();
        Assert.Equal([12, 33, 45], InsertionSort.Write(thought, [45, 12, 33]));
        Assert.Equal(["45: 45.", "12: 12 45.", "33: 12 33 45."], thought.Paragraphs);
    }

    [Fact]
    public void WordsGoByPiecesOfFour()
    {
        Thought counting = new(), reversing = new();
        Assert.Equal(3, Spelling.Count(counting, "STRAWBERRY", 'R'));
        Assert.Equal(["R:STRA=STR1A|WBERRY.", "R:WBER=WBER2|RY.", "R:RY=R3Y."], counting.Paragraphs);
        Assert.Equal("YRREBWARTS", Spelling.Reverse(reversing, "STRAWBERRY"));
        Assert.Equal(["STRA=ARTS|WBERRY.", "WBER=REBWARTS|RY.", "RY=YRREBWARTS."], reversing.Paragraphs);
    }
}
