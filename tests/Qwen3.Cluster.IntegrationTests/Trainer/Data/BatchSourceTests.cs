using System.Globalization;
using Qwen3.Cluster.Model.Demo;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Problems;
using Qwen3.Cluster.Trainer.Data.Texts;
using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Data;

public class BatchSourceTests
{
    private static readonly Qwen3Tokenizer Tokenizer = Qwen3Tokenizer.Load(EmbeddedModel.Directory);
    private static readonly SampleEncoder Encoder = new(Tokenizer);

    [Fact]
    public void AStepsBatchDependsOnNoOtherStep()
    {
        BatchSource one = Make(seed: 1, phase: 0), other = Make(seed: 1, phase: 0);
        one.At(0);
        one.At(1);
        Batch afterOthers = one.At(2), alone = other.At(2);
        Assert.Equal(alone.Ids, afterOthers.Ids);
        Assert.Equal(alone.Targets, afterOthers.Targets);
        Assert.Equal(alone.Segments, afterOthers.Segments);
        Assert.NotEqual(alone.Ids, other.At(3).Ids);
        Assert.NotEqual(alone.Ids, Make(seed: 2, phase: 0).At(2).Ids);
        Assert.NotEqual(alone.Ids, Make(seed: 1, phase: 1).At(2).Ids);
    }

    [Fact]
    public void ATargetIsTheNextTokenOfTheSameSample()
    {
        Batch batch = Make(seed: 4, phase: 0).At(0);
        int learned = 0;
        for (int i = 0; i < batch.Ids.Length; i++)
        {
            bool isLast = (i + 1) % batch.RowLength == 0;
            if (batch.Targets[i] != Batch.NoTarget && !isLast)
            {
                learned++;
                Assert.Equal(batch.Ids[i + 1], batch.Targets[i]);
                Assert.Equal(batch.Segments[i + 1], batch.Segments[i]);
            }
        }

        Assert.InRange(learned, batch.Ids.Length / 4, batch.Ids.Length);
    }

    [Fact]
    public void OfExercisesTheQuestionsAreNotLearned()
    {
        Assert.Equal("3<|endoftext|>", Learned(new ExerciseSource(new OneTask(), showsSteps: false)));
        Assert.Equal("One.\n\nTwo.\n\n3<|endoftext|>", Learned(new ExerciseSource(new OneTask(), showsSteps: true)));
        Assert.Equal("3\n\n\n3<|endoftext|>", Learned(new ExerciseSource(new OneTask(), showsSteps: false, least: 2, most: 2)));
    }

    [Fact]
    public void OfDrillsTheResultsAreLearned()
    {
        string[] results = Learned(new DrillSource([new ProductKind()])).Replace("<|endoftext|>", "", StringComparison.Ordinal).Split('\n');
        Assert.Equal(10, results.Length);
        Assert.All(results, result => Assert.InRange(int.Parse(result, CultureInfo.InvariantCulture), 2, 99 * 9));
    }

    [Fact]
    public void AllOfAPlainTextIsLearned()
    {
        PlainTextSource source = new(new SentenceText());
        string text = source.Make(new SeededRandom(1, RandomStream.Training, 0))[0].Text;
        Assert.Equal(text, Learned(source));
        Assert.EndsWith("<|endoftext|>", text);
    }

    // The long-context phase is in vain where no text needs its window.
    [Fact]
    public void TheLongTextsNeedTheLongWindow()
    {
        TrainingPhase phase = Curriculum.Embedded.Phases.Single(phase => phase.Name == "long-context");
        int[] lengths = [.. Enumerable.Range(0, 100).Select(i => Encoder.Encode(phase.Source.Make(new SeededRandom(1, RandomStream.Training, (ulong)i))).Ids.Length)];
        Assert.InRange(lengths.Average(), 350, phase.RowLength);
        Assert.InRange(lengths.Count(length => length > 512), 25, 100);
        Assert.True(phase.RowLength >= 4 * Curriculum.Embedded.Phases[0].RowLength);
    }

    private static BatchSource Make(ulong seed, int phase) => new(seed, phase, rowCount: 4, rowLength: 128, Curriculum.Embedded.Vocabulary, Encoder);

    private static string Learned(ISampleSource source)
    {
        Sample sample = Encoder.Encode(source.Make(new SeededRandom(1, RandomStream.Training, 0)));
        return Tokenizer.Decode([.. sample.Ids.Where((_, i) => sample.IsLearned[i])]);
    }

    private sealed class OneTask : ITask
    {
        public Exchange Make(SeededRandom random) => new("What is 1 + 2?", ["One.", "Two."], "3");
    }
}
