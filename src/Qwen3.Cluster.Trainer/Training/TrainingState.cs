using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Trainer.Training.Network;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>
/// Where a run stands, in one safetensors file: the plan, the number of steps done, the weights in float32 and the optimizer's moments. The data need
/// no place in it: a step's batch follows from its number.
/// </summary>
internal sealed class TrainingState(TrainingPlan plan, IReadOnlyList<NetworkParameter> parameters, FusedAdamW optimizer)
{
    private const string PlanName = "plan", StepsName = "steps_done", FirstSuffix = ".first_moment", SecondSuffix = ".second_moment";

    /// <summary>Writes or replaces the file; at any time there is a whole one.</summary>
    public void Save(string path, long stepsDone)
    {
        byte[] steps = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(steps, stepsDone);
        byte[] text = Encoding.UTF8.GetBytes(plan.Describe());
        List<TensorData> tensors = [new(PlanName, TensorType.U8, [text.Length], text), new(StepsName, TensorType.I64, [1], steps)];
        ForEachPiece((name, numbers) => tensors.Add(TensorData.FromFloats(name, TensorType.F32, numbers, numbers.Length)));

        SafetensorsWriter.Write(path, tensors);
    }

    /// <summary>Reads the file back into weights and moments.</summary>
    /// <returns>The number of steps done.</returns>
    /// <exception cref="TrainerException">The file belongs to another plan.</exception>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public long Load(string path)
    {
        Dictionary<string, TensorInfo> tensors = SafetensorsHeader.Read(path).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        using FileStream file = File.OpenRead(path);
        string saved = Encoding.UTF8.GetString(Read(file, tensors, PlanName, path));
        if (saved != plan.Describe())
        {
            throw new TrainerException($"{path} was begun with another plan ({saved}) than this one ({plan.Describe()}); give the same options, or another --out.");
        }

        ForEachPiece((name, numbers) =>
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

    private void ForEachPiece(PieceAction action)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            action(parameters[i].Name, TensorMemory.Floats(parameters[i].Values));
            action(parameters[i].Name + FirstSuffix, optimizer.FirstMoments[i]);
            action(parameters[i].Name + SecondSuffix, optimizer.SecondMoments[i]);
        }
    }

    private delegate void PieceAction(string name, Span<float> numbers);
}
