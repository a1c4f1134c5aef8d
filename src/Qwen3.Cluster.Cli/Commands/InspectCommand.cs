using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Model.Checkpoints;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 inspect</c>: what a checkpoint is, and what would be refused and why. Reads no weights.</summary>
public static class InspectCommand
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        Argument<string> directory = new("directory") { Description = "A checkpoint's directory or GGUF file." };
        Option<bool> json = new("--json") { Description = "Write the report as JSON." };
        Command command = new("inspect", "Say what a checkpoint is, and whether it can be used.") { directory, json };
        command.SetAction(parsed =>
        {
            CheckpointReport report = CheckpointReport.Of(parsed.GetValue(directory)!);
            if (parsed.GetValue(json))
            {
                terminal.OutText.WriteLine(JsonSerializer.Serialize(report, Json));
            }
            else
            {
                CheckpointDescription.Write(report, terminal);
            }

            return report.Opens ? ExitCode.Success : ExitCode.Failure;
        });
        return command;
    }
}
