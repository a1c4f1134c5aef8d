using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Training;
using Qwen3.Cluster.Trainer.Training.Network;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Training;

/// <summary>What is trained has to be what is served: two implementations of one model.</summary>
public class Qwen3NetworkTests
{
    // The second phase has another rope base, which the export has to name.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ItsLogitsAreThoseOfTheModelThatServesTheExport(int phases)
    {
        string directory = SmallTraining.MakeDirectory();
        for (int phase = 0; phase < phases - 1; phase++)
        {
            using TrainingRun before = SmallTraining.Open(SmallTraining.Plan(12), directory, phase);
            before.Run(TimeSpan.FromDays(1), _ => { }, TestContext.Current.CancellationToken);
        }

        using TrainingRun run = SmallTraining.Open(SmallTraining.Plan(12), directory, phases - 1);
        run.Run(TimeSpan.FromDays(1), _ => { }, TestContext.Current.CancellationToken);
        run.Export(TensorType.F32);

        // Two samples in one row, a third in another: each has to be seen as if it were alone, from position 0.
        int rowLength = phases == 1 ? 96 : 192;
        Batch batch = new(rowCount: 2, rowLength);
        Random random = new(5);
        for (int i = 0; i < batch.Ids.Length; i++)
        {
            batch.Ids[i] = random.Next(1000);
            batch.Segments[i] = i >= 40 && i < rowLength ? 1 : 0;
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        float[] trained = TensorMemory.Floats(run.Network.ComputeLogits(batch)).ToArray();
        int vocabulary = trained.Length / batch.Ids.Length;
        foreach ((int start, int length) in (ReadOnlySpan<(int, int)>)[(0, 40), (40, rowLength - 40), (rowLength, rowLength)])
        {
            float[] served = Serve(directory, batch.Ids.AsSpan(start, length));
            for (int i = 0; i < served.Length; i++)
            {
                Assert.Equal(served[i], trained[(start * vocabulary) + i], 1e-3f);
            }
        }
    }

    [Fact]
    public void ExpertOrderSortsTheChoices()
    {
        ExpertOrder order = ExpertOrder.Of([2, 0, 2, 1, 0, 2], choices: 2, expertCount: 4);
        Assert.Equal([0, 2, 1, 0, 1, 2], order.Rows);
        Assert.Equal([3, 0, 4, 2, 1, 5], order.Places);
        Assert.Equal([2, 3, 6, 6], order.Ends);
    }

    private static float[] Serve(string directory, ReadOnlySpan<int> ids)
    {
        using Checkpoint checkpoint = Checkpoint.Open(directory);
        using ReferenceBackend backend = new();
        using LocalExpertPool experts = new(backend, checkpoint, ExpertLayout.For(checkpoint.Config));
        using Qwen3Model model = Qwen3Model.Load(checkpoint, backend, experts, new CacheOptions(PageSize: 16, PageCount: 12));
        StepBatch batch = new();
        batch.Add(ids, firstPosition: 0, (int[])[.. Enumerable.Range(0, 12)], model.ExpertsPerToken, LogitRows.All);
        float[] logits = new float[ids.Length * model.VocabularySize];
        model.Forward(batch, logits);
        return logits;
    }
}
