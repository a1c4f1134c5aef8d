using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Trainer.Training.Network;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>
/// Where a phase stands, in one safetensors file: the plan, the number of steps done, the weights in float32 and, while it goes on, the optimizer's
/// moments. The data need no place in it: a step's batch follows from its number.
/// </summary>
internal sealed class TrainingState(IReadOnlyList<NetworkParameter> parameters, FusedAdamW optimizer)
{
    private const string PlanName = "plan", StepsName = "steps_done", FirstSuffix = ".first_moment", SecondSuffix = ".second_moment";

    private delegate void PieceAction(string name, Span<float> numbers);

    /// <summary>Writes or replaces a file; at any time there is a whole one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="plan">The phase of the plan, in words.</param>
    /// <param name="stepsDone">Of the phase.</param>
    /// <param name="withMoments">Whether the phase goes on.</param>
    public void Save(string path, string plan, long stepsDone, bool withMoments)
    {
        byte[] steps = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(steps, stepsDone);
        byte[] text = Encoding.UTF8.GetBytes(plan);
        List<TensorData> tensors = [new(PlanName, TensorType.U8, [text.Length], text), new(StepsName, TensorType.I64, [1], steps)];
        ForEachPiece(withMoments, (name, numbers) => tensors.Add(TensorData.FromFloats(name, TensorType.F32, numbers, numbers.Length)));
        SafetensorsWriter.Write(path, tensors);
    }

    /// <summary>Reads a file back.</summary>
    /// <param name="path">The file.</param>
    /// <param name="plan">The phase of the plan, in words.</param>
    /// <param name="withMoments">Whether the moments are read, too.</param>
    /// <returns>The number of steps done.</returns>
    /// <exception cref="TrainerException">The file belongs to another plan.</exception>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public long Load(string path, string plan, bool withMoments)
    {
        Dictionary<string, TensorInfo> tensors = SafetensorsHeader.Read(path).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        using FileStream file = File.OpenRead(path);
        string saved = Encoding.UTF8.GetString(Read(file, tensors, PlanName, path));
        if (saved != plan)
        {
            throw new TrainerException($"{path} was made with another plan ({saved}) than this one ({plan}); give the same options, or another --out.");
        }

        ForEachPiece(withMoments, (name, numbers) =>
        {
            ReadOnlySpan<float> stored = MemoryMarshal.Cast<byte, float>(Read(file, tensors, name, path));
            if (stored.Length != numbers.Length)
            {
                throw new CheckpointException($"{path}: tensor \"{name}\" has {stored.Length} numbers, but {numbers.Length} were expected; remove the file and train anew.");
            }

            stored.CopyTo(numbers);
        });
        return BinaryPrimitives.ReadInt64LittleEndian(Read(file, tensors, StepsName, path));
    }

    private static byte[] Read(FileStream file, Dictionary<string, TensorInfo> tensors, string name, string path)
    {
        if (!tensors.TryGetValue(name, out TensorInfo? tensor))
        {
            throw new CheckpointException($"{path}: tensor \"{name}\" is missing; remove the file and train anew.");
        }

        byte[] bytes = new byte[tensor.ByteCount];
        file.Position = tensor.Offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    private void ForEachPiece(bool withMoments, PieceAction action)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            action(parameters[i].Name, TensorMemory.Floats(parameters[i].Values));
            if (withMoments)
            {
                action(parameters[i].Name + FirstSuffix, optimizer.FirstMoments[i]);
                action(parameters[i].Name + SecondSuffix, optimizer.SecondMoments[i]);
            }
        }
    }
}
