using Google.Protobuf;

namespace Qwen3.Cluster.Cli.Terminal;

/// <summary>Messages as JSON for scripts: one line, the proto's own field names, every field, 64-bit numbers as text as proto JSON has them.</summary>
internal static class ProtoJson
{
    private static readonly JsonFormatter Formatter =
        new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true).WithFormatDefaultValues(true));

    /// <summary>Writes a message and ends the line.</summary>
    public static void Write(TextWriter output, IMessage message)
    {
        output.WriteLine(Formatter.Format(message));
        output.Flush();
    }
}
