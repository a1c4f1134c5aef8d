using System.CommandLine;
using Qwen3.Cluster.Cli.Hosting;
using Qwen3.Cluster.Cli.Operations;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 models</c>: the models that a cluster serves, and for each how many parameters a token uses with how many experts.</summary>
public static class ModelsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal, Option<bool> verbose)
    {
        Option<bool> json = new("--json") { Description = "Write one line of JSON, in the proto's own field names." };
        Option<bool> noColor = new("--no-color") { Description = "Write no styles; so does the environment's NO_COLOR." };
        Command command = new("models", "Show the models that are loaded, and what a limit on activated parameters can choose from.") { json, noColor };
        ClusterArguments cluster = new(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            CommandTerminal shown = parsed.GetValue(noColor) ? terminal.WithoutStyles() : terminal;
            await using ClusterConnection connection = await cluster.ConnectAsync(parsed, parsed.GetValue(verbose));
            IReadOnlyList<ModelInfo> models = Named(await connection.Client.ListModelsAsync(cancellationToken), connection.Model);
            if (parsed.GetValue(json))
            {
                ProtoJson.Write(shown.OutText, new ListModelsResponse { Models = { models } });
                return;
            }

            foreach (string line in ModelsText.Render(models, shown.Width, shown.Out.Capabilities.Ansi))
            {
                shown.OutText.WriteLine(line);
            }
        });
        return command;
    }

    // All of a server's, or the one that --model names.
    private static IReadOnlyList<ModelInfo> Named(IReadOnlyList<ModelInfo> models, string name)
    {
        ModelInfo[] named = [.. models.Where(model => name.Length == 0 || model.Name == name)];
        return named.Length > 0 || name.Length == 0
            ? named
            : throw new UsageException($"the server has no model {name}; it has {string.Join(", ", models.Select(model => model.Name))}.");
    }
}
