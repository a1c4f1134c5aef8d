using System.Buffers.Binary;
using System.Text;

namespace Qwen3.Cluster.Torch.Loading;

/// <summary>
/// Edits the symbol versions that a shared library demands of others. Layouts: System V ABI (ELF64, little endian) and the
/// "Symbol Versioning" chapter of the Linux Standard Base.
/// </summary>
internal static class ElfVersions
{
    private const int ProgramLoad = 1, ProgramDynamic = 2;
    private const long DynamicStrings = 5, DynamicVersionNeeds = 0x6ffffffe, DynamicVersionNeedCount = 0x6fffffff;
    private const ushort WeakFlag = 2;

    /// <summary>
    /// Marks every demand for <paramref name="version"/> in <paramref name="image"/> as weak: a system without that version then loads the
    /// library with no more than a warning. False when the image is no such library or does not ask for the version.
    /// </summary>
    internal static bool MakeOptional(Span<byte> image, string version)
    {
        try
        {
            return image.StartsWith("\x7f"u8) && image[1..4].SequenceEqual("ELF"u8) && image[4] == 2 && image[5] == 1
                && MarkWeak(image, Encoding.ASCII.GetBytes(version));
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            return false; // An offset points past the end: not a library that could be loaded.
        }
    }

    private static bool MarkWeak(Span<byte> image, ReadOnlySpan<byte> version)
    {
        long needs = -1, count = 0, strings = -1;
        int dynamic = FindDynamicSection(image);
        for (int at = dynamic; dynamic >= 0 && Int64(image, at) != 0; at += 16)
        {
            long value = Int64(image, at + 8);
            switch (Int64(image, at))
            {
                case DynamicVersionNeeds: needs = value; break;
                case DynamicVersionNeedCount: count = value; break;
                case DynamicStrings: strings = value; break;
            }
        }
        if (needs < 0 || strings < 0)
        {
            return false;
        }
        bool found = false;
        int names = FileOffset(image, strings);
        int need = FileOffset(image, needs);
        for (long i = 0; i < count; i++)
        {
            int aux = checked(need + (int)UInt32(image, need + 8));
            for (int j = UInt16(image, need + 2); j > 0; j--)
            {
                ReadOnlySpan<byte> name = image[checked(names + (int)UInt32(image, aux + 8))..];
                if (name.StartsWith(version) && name[version.Length] == 0)
                {
                    Span<byte> flags = image.Slice(aux + 4, 2);
                    BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(UInt16(image, aux + 4) | WeakFlag));
                    found = true;
                }
                aux = checked(aux + (int)UInt32(image, aux + 12));
            }
            need = checked(need + (int)UInt32(image, need + 12));
        }
        return found;
    }

    private static int FindDynamicSection(ReadOnlySpan<byte> image)
    {
        foreach (int header in ProgramHeaders(image))
        {
            if (UInt32(image, header) == ProgramDynamic)
            {
                return checked((int)Int64(image, header + 8));
            }
        }
        return -1;
    }

    /// <summary>Where the byte that will be mapped at a virtual address lies in the file.</summary>
    private static int FileOffset(ReadOnlySpan<byte> image, long address)
    {
        foreach (int header in ProgramHeaders(image))
        {
            long start = Int64(image, header + 16);
            if (UInt32(image, header) == ProgramLoad && address >= start && address < start + Int64(image, header + 32))
            {
                return checked((int)(address - start + Int64(image, header + 8)));
            }
        }
        throw new ArgumentOutOfRangeException(nameof(address));
    }

    private static int[] ProgramHeaders(ReadOnlySpan<byte> image)
    {
        int first = checked((int)Int64(image, 32));
        int size = UInt16(image, 54);
        int[] headers = new int[UInt16(image, 56)];
        for (int i = 0; i < headers.Length; i++)
        {
            headers[i] = checked(first + (i * size));
        }
        return headers;
    }

    private static ushort UInt16(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt16LittleEndian(image[at..]);

    private static uint UInt32(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt32LittleEndian(image[at..]);

    private static long Int64(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadInt64LittleEndian(image[at..]);
}
