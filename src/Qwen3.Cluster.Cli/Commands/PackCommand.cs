using System.CommandLine;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 pack</c>: packs a model's weights into a file beside it, which <c>--weights</c> finds before it looks into the cache.</summary>
public static class PackCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        Argument<string> model = new("model") { Description = "A checkpoint's directory or GGUF file." };
        Option<string> format = new("--format") { Description = "Bits of a weight: q8 or q4.", Required = true };
        format.AcceptOnlyFromAmong("q8", "q4");
        Command command = new("pack", "Pack a model's weights into a file beside it, for --weights.") { model, format };
        command.SetAction(parsed =>
        {
            using Checkpoint checkpoint = Checkpoint.Open(parsed.GetValue(model)!);
            string file = checkpoint.Pack(WeightsOption.Read(parsed.GetValue(format)!));
            terminal.OutText.WriteLine($"{file}, {ByteUnits.Of(new FileInfo(file).Length)}");
        });
        return command;
    }
}
