using System.CommandLine;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Checkpoints.Synthetic;
using Spectre.Console;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>
/// <c>qwen3 pack</c>: packs a model's weights into a file beside it, which <c>--weights</c> finds before it looks into the cache; or makes a checkpoint of
/// random weights, for measurements.
/// </summary>
public static class PackCommand
{
    private const string BFloat16 = "bf16";

    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        Argument<string?> model = new("model") { Description = "A checkpoint's directory or GGUF file.", Arity = ArgumentArity.ZeroOrOne };
        Option<string> format = new("--format") { Description = "Weights in 8 or 4 bits: q8 or q4; with --random also bf16.", Required = true };
        format.AcceptOnlyFromAmong("q8", "q4", BFloat16);
        Option<bool> verify = new("--verify") { Description = "Compare the packed file with its checksum, and make it again if it is damaged." };
        Option<string?> random = new("--random")
        {
            Description = $"Make a checkpoint of random weights in the geometry of a config.json, of a directory that has one, or of {string.Join(", ", PublishedGeometry.Names)}.",
        };
        Option<string?> output = new("--out") { Description = "With --random: the directory to make." };
        Option<int?> layers = NumberOption.Whole<int>("--layers", "With --random: so many layers instead of the geometry's.");
        Option<int?> vocabulary = NumberOption.Whole<int>("--vocab", "With --random: so many ids instead of the geometry's.");
        Option<int?> seed = NumberOption.Whole<int>("--seed", "With --random: the same seed gives the same weights; 1 if left out.");
        Command command = new("pack", "Pack a model's weights into a file beside it, for --weights; or make a checkpoint of random weights.")
        {
            model, format, verify, random, output, layers, vocabulary, seed,
        };
        command.SetAction((parsed, cancel) =>
        {
            string chosen = parsed.GetValue(format)!;
            Option[] ofRandom = [output, layers, vocabulary, seed];
            switch (parsed.GetValue(model), parsed.GetValue(random))
            {
                case (null, { } geometry):
                    string directory = parsed.GetValue(output) ?? throw new UsageException("--random needs --out, the directory to make.");
                    if (parsed.GetValue(verify))
                    {
                        throw new UsageException("--verify is for a model's packed file; it does not go with --random.");
                    }

                    SyntheticCheckpoint checkpoint = new(
                        SyntheticGeometry.Read(geometry, parsed.GetValue(layers), parsed.GetValue(vocabulary)),
                        chosen == BFloat16 ? WeightFormat.Stored : WeightsOption.Read(chosen));
                    Make(checkpoint, directory, parsed.GetValue(seed) ?? 1, terminal, cancel);
                    break;
                case ({ } path, null) when chosen != BFloat16 && ofRandom.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is not { }:
                    Pack(path, WeightsOption.Read(chosen), parsed.GetValue(verify), terminal);
                    break;
                case ({ }, null):
                    throw new UsageException($"--out, --layers, --vocab, --seed and --format {BFloat16} go with --random: a model's packed file lies beside it.");
                default:
                    throw new UsageException("pack takes a model, or --random with a geometry.");
            }

            return Task.CompletedTask;
        });
        return command;
    }

    private static void Pack(string path, WeightFormat format, bool verifies, CommandTerminal terminal)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        if (verifies)
        {
            checkpoint.VerifyPacked(format, terminal.OutText.WriteLine);
        }
        else
        {
            WriteLength(checkpoint.Pack(format), terminal);
        }
    }

    private static void Make(SyntheticCheckpoint checkpoint, string directory, int seed, CommandTerminal terminal, CancellationToken cancel)
    {
        if (terminal.ErrorIsScreen)
        {
            TableText.ConsoleOf(terminal.ErrorText, Math.Max(40, terminal.Width), hasStyles: true).Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
                .Start(context =>
                {
                    ProgressTask bar = context.AddTask("random weights", maxValue: checkpoint.ByteCount);
                    checkpoint.Write(directory, seed, bytes => bar.Increment(bytes), cancel);
                });
        }
        else
        {
            checkpoint.Write(directory, seed, _ => { }, cancel);
        }

        terminal.OutText.WriteLine($"{directory}, {ByteUnits.Of(checkpoint.ByteCount)}");
    }

    private static void WriteLength(string file, CommandTerminal terminal) =>
        terminal.OutText.WriteLine($"{file}, {ByteUnits.Of(new FileInfo(file).Length)}");
}
