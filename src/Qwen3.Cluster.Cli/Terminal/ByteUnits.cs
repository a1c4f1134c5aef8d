namespace Qwen3.Cluster.Cli.Terminal;

/// <summary>Bytes for people, in powers of 1024.</summary>
public static class ByteUnits
{
    private static readonly string[] Names = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A number of bytes: <c>1.54 GiB</c>.</summary>
    public static string Of(long bytes) => UnitOf(bytes) switch
    {
        0 => $"{bytes} bytes",
        1 => $"{In(bytes, 1):N1} KiB",
        int unit => $"{In(bytes, unit):N2} {Names[unit]}",
    };

    /// <summary>A part of a whole, in the unit of the whole: <c>1.5/15.6 GiB</c>.</summary>
    public static string Of(long part, long whole)
    {
        int unit = UnitOf(whole);
        string digits = unit == 0 ? "N0" : "N1";
        return $"{In(part, unit).ToString(digits)}/{In(whole, unit).ToString(digits)} {Names[unit]}";
    }

    private static int UnitOf(long bytes)
    {
        int unit = 0;
        while (unit < Names.Length - 1 && bytes >> (10 * (unit + 1)) > 0)
        {
            unit++;
        }

        return unit;
    }

    private static double In(long bytes, int unit) => bytes / (double)(1L << (10 * unit));
}
