namespace Qwen3.Cluster.Trainer.Data;

/// <summary>Makes the batch of any step, out of the seed and the step's number alone.</summary>
internal sealed class BatchSource(ulong seed, int rowCount, int rowLength, SampleEncoder encoder)
{
    /// <summary>The batch of a step.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="mixture">What its conversations are made of.</param>
    /// <param name="learnsEarlierAnswers">See <see cref="SampleEncoder.Encode"/>.</param>
    public Batch At(long step, Mixture mixture, bool learnsEarlierAnswers)
    {
        Batch batch = new(rowCount, rowLength);
        Array.Fill(batch.Targets, Batch.NoTarget);
        for (int row = 0; row < rowCount; row++)
        {
            SeededRandom random = new(seed, RandomStream.Training, checked((ulong)((step * rowCount) + row)));
            Fill(batch, row, mixture, learnsEarlierAnswers, random);
        }

        return batch;
    }

    private void Fill(Batch batch, int row, Mixture mixture, bool learnsEarlierAnswers, SeededRandom random)
    {
        int end = (row + 1) * rowLength;
        int segment = 0;
        for (int at = row * rowLength; at < end; segment++)
        {
            Sample sample = encoder.Encode(ConversationSource.Make(mixture, random), learnsEarlierAnswers);

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
