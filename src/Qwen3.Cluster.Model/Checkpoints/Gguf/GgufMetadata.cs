namespace Qwen3.Cluster.Model.Checkpoints.Gguf;

/// <summary>The keys and values of a GGUF file. A value of another kind than the one asked for is refused by its key.</summary>
internal sealed class GgufMetadata(string path)
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);

    /// <summary>Reads them.</summary>
    public static GgufMetadata Read(GgufCursor cursor, int count, string path)
    {
        GgufMetadata metadata = new(path);
        for (int i = 0; i < count; i++)
        {
            string key = cursor.Text("a key");
            if (!metadata._values.TryAdd(key, ReadValue(cursor, cursor.U32(), key)))
            {
                throw cursor.Refusal($"has the key \"{key}\" twice");
            }
        }

        return metadata;
    }

    public string? OptionalText(string key) => Optional<string>(key, "a text");

    public string[]? OptionalTexts(string key) => Optional<string[]>(key, "a list of texts");

    public long[]? OptionalWholes(string key) => Optional<long[]>(key, "a list of whole numbers");

    /// <summary>A whole number that fits in 32 bits with a sign.</summary>
    public int? OptionalInt(string key)
    {
        if (!_values.TryGetValue(key, out object? value))
        {
            return null;
        }

        return value is long number and >= int.MinValue and <= int.MaxValue ? (int)number : throw Wrong(key, "a whole number of 32 bits");
    }

    public int Int(string key) => OptionalInt(key) ?? throw Missing(key);

    public double? OptionalNumber(string key) => !_values.TryGetValue(key, out object? value) ? null : value switch
    {
        double number when double.IsFinite(number) => number,
        long number => number,
        _ => throw Wrong(key, "a number"),
    };

    public CheckpointException Missing(string key) =>
        new($"{path} has no \"{key}\" in its metadata: the file is of a converter that is too old, or damaged; download it again.");

    public CheckpointException Wrong(string key, string expected) => new($"{path}: \"{key}\" in its metadata should be {expected}; download it again.");

    private T? Optional<T>(string key, string expected)
        where T : class =>
        !_values.TryGetValue(key, out object? value) ? null : value as T ?? throw Wrong(key, expected);

    // Whole numbers become long, floats double; lists keep their kind. A ulong beyond long is kept as a double: nothing here needs it exactly.
    private static object ReadValue(GgufCursor cursor, uint type, string key) => type switch
    {
        0 => (long)cursor.U8(),
        1 => (long)(sbyte)cursor.U8(),
        2 => (long)cursor.U16(),
        3 => (long)(short)cursor.U16(),
        4 => (long)cursor.U32(),
        5 => (long)(int)cursor.U32(),
        6 => (double)cursor.F32(),
        7 => cursor.U8() != 0,
        8 => cursor.Text($"\"{key}\""),
        9 => ReadList(cursor, key),
        10 => cursor.U64() is var number && number <= long.MaxValue ? (long)number : (double)number,
        11 => (long)cursor.U64(),
        12 => cursor.F64(),
        _ => throw cursor.Refusal($"has a value of the unknown type {type} for \"{key}\""),
    };

    private static object ReadList(GgufCursor cursor, string key)
    {
        uint type = cursor.U32();
        int least = type switch { 0 or 1 or 7 => 1, 2 or 3 => 2, 4 or 5 or 6 => 4, 8 or 10 or 11 or 12 => 8, _ => 0 };
        if (least == 0)
        {
            throw cursor.Refusal($"has a list of the unknown type {type} for \"{key}\"");
        }

        int count = cursor.Count($"values for \"{key}\"", least);
        switch (type)
        {
            case 8:
                string[] texts = new string[count];
                for (int i = 0; i < count; i++)
                {
                    texts[i] = cursor.Text($"value {i} of \"{key}\"");
                }

                return texts;
            case 6 or 7 or 12:
                object[] values = new object[count];
                for (int i = 0; i < count; i++)
                {
                    values[i] = ReadValue(cursor, type, key);
                }

                return values;
            default:
                long[] numbers = new long[count];
                for (int i = 0; i < count; i++)
                {
                    numbers[i] = ReadValue(cursor, type, key) is long number ? number : long.MaxValue;
                }

                return numbers;
        }
    }
}
