namespace Qwen3.Cluster.Trainer.Data;

/// <summary>Makes the batch of any step, out of the seed, the phase and the step's number alone.</summary>
/// <param name="seed">Of the run.</param>
/// <param name="phase">Which phase of the curriculum, from 0: each has numbers of its own.</param>
/// <param name="rowCount">B.</param>
/// <param name="rowLength">T.</param>
/// <param name="source">What samples are made of.</param>
/// <param name="encoder">Makes tokens of them.</param>
internal sealed class BatchSource(ulong seed, int phase, int rowCount, int rowLength, ISampleSource source, SampleEncoder encoder)
{
    // Rows of a phase; more than any run has.
    private const int RowBits = 40;

    /// <summary>The batch of a step, from 0.</summary>
    public Batch At(long step)
    {
        Batch batch = new(rowCount, rowLength);
        Array.Fill(batch.Targets, Batch.NoTarget);
        for (int row = 0; row < rowCount; row++)
        {
            Fill(batch, row, new SeededRandom(seed, RandomStream.Training, ((ulong)phase << RowBits) + checked((ulong)((step * rowCount) + row))));
        }

        return batch;
    }

    private void Fill(Batch batch, int row, SeededRandom random)
    {
        int end = (row + 1) * rowLength;
        int segment = 0;
        for (int at = row * rowLength; at < end; segment++)
        {
            Sample sample = encoder.Encode(source.Make(random));

            // A sample that reaches the end of the row is cut there: the beginning of a text is a text to learn from, too.
            int count = Math.Min(sample.Ids.Length, end - at);
            for (int i = 0; i < count; i++, at++)
            {
                batch.Ids[at] = sample.Ids[i];
                batch.Segments[at] = segment;
                if (i + 1 < sample.Ids.Length && sample.IsLearned[i + 1])
                {
                    batch.Targets[at] = sample.Ids[i + 1];
                }
            }
        }
    }
}
