using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Protos;
using Spectre.Console;

namespace Qwen3.Cluster.Cli.Operations;

/// <summary>Models for people: a table, with a line for each number of experts that a token can ask.</summary>
public static class ModelsText
{
    private static readonly Style Dim = new(decoration: Decoration.Dim);
    private static readonly string[] Columns = ["model", "architecture", "parameters", "context", "k", "activated parameters"];

    /// <summary>Lines without spaces at their ends.</summary>
    /// <param name="models">As the server lists them.</param>
    /// <param name="width">Columns of the screen.</param>
    /// <param name="hasStyles">Whether it shows bold, dim and colours.</param>
    public static string[] Render(IReadOnlyList<ModelInfo> models, int width, bool hasStyles)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string column in Columns)
        {
            table.AddColumn(new TableColumn(new Text(column, Dim)) { NoWrap = column != "model", Padding = new Padding(0, 0, 1, 0) });
        }

        foreach (ModelInfo model in models)
        {
            for (int i = 0; i < Math.Max(model.Activations.Count, 1); i++)
            {
                Activation? activation = model.Activations.ElementAtOrDefault(i);
                string[] cells =
                [
                    .. i == 0 ? [model.Name, model.Architecture, ParameterCount.Of(model.Parameters), $"{model.MaxPositions:N0}"] : new[] { "", "", "", "" },
                    activation is null or { ExpertsPerToken: 0 } ? "–" : $"{activation.ExpertsPerToken} of {model.Experts}",
                    Activated(activation?.ActiveParameters ?? model.ActiveParameters),
                ];
                table.AddRow(cells.Select(cell => new Text(cell)));
            }
        }

        return TableText.Render(table, width, hasStyles);
    }

    // Every digit too: it is what --max-active-parameters is compared with.
    private static string Activated(ulong parameters) =>
        ParameterCount.Of(parameters) is var rounded && parameters < 1000 ? rounded : $"{rounded} ({parameters:N0})";
}
