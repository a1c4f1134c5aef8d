namespace Qwen3.Cluster.Trainer.Data.Problems;

/// <summary>Two units of the same quantity, with their names in each language.</summary>
/// <param name="Factor">How many of the small one make a large one.</param>
/// <param name="Large">Names of the large one: English, Chinese, German, Spanish.</param>
/// <param name="Small">Names of the small one, in the same order.</param>
internal sealed record UnitPair(long Factor, string[] Large, string[] Small)
{
    /// <summary>Those whose factor is a power of ten.</summary>
    public static IReadOnlyList<UnitPair> Decimal { get; } =
    [
        new(1000, ["km", "千米", "km", "km"], ["m", "米", "m", "m"]),
        new(100, ["m", "米", "m", "m"], ["cm", "厘米", "cm", "cm"]),
        new(10, ["cm", "厘米", "cm", "cm"], ["mm", "毫米", "mm", "mm"]),
        new(1000, ["kg", "千克", "kg", "kg"], ["g", "克", "g", "g"]),
        new(1000, ["l", "升", "l", "l"], ["ml", "毫升", "ml", "ml"]),
        new(100, ["euros", "欧元", "Euro", "euros"], ["cents", "欧分", "Cent", "céntimos"]),
    ];

    /// <summary>Those whose factor takes a multiplication.</summary>
    public static IReadOnlyList<UnitPair> Others { get; } =
    [
        new(60, ["hours", "小时", "Stunden", "horas"], ["minutes", "分钟", "Minuten", "minutos"]),
        new(60, ["minutes", "分钟", "Minuten", "minutos"], ["seconds", "秒", "Sekunden", "segundos"]),
        new(24, ["days", "天", "Tage", "días"], ["hours", "小时", "Stunden", "horas"]),
        new(12, ["years", "年", "Jahre", "años"], ["months", "个月", "Monate", "meses"]),
    ];
}
