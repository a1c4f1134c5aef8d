using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace Qwen3.Cluster.Contracts.Messages;

/// <summary>
/// Writes a <see cref="TensorBuffer{T}"/> as its bytes, little-endian, in one piece, and reads it into borrowed memory. Orleans' own codecs write
/// numbers one by one, each with a header.
/// </summary>
[RegisterSerializer]
public sealed class TensorBufferCodec<T> : IFieldCodec<TensorBuffer<T>>
    where T : unmanaged
{
    /// <inheritdoc/>
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, TensorBuffer<T>? value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value))
        {
            return;
        }

        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(value!.Span);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(TensorBuffer<T>), WireType.LengthPrefixed);
        writer.WriteVarUInt32((uint)bytes.Length);
        writer.Write(bytes);
    }

    /// <inheritdoc/>
    /// <exception cref="SerializerException">The bytes are not whole numbers, or fewer than they say.</exception>
    public TensorBuffer<T> ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference)
        {
            return ReferenceCodec.ReadReference<TensorBuffer<T>, TInput>(ref reader, field)!;
        }

        field.EnsureWireType(WireType.LengthPrefixed);
        uint length = reader.ReadVarUInt32();
        int size = Unsafe.SizeOf<T>();

        // Before anything is borrowed: a length that is made up must not take memory.
        if (length % size != 0 || length > reader.Length - reader.Position)
        {
            throw new SerializerException($"A tensor of {typeof(T).Name} comes with {length} bytes, and {reader.Length - reader.Position} are there.");
        }

        TensorBuffer<T> buffer = TensorBuffer<T>.Rent((int)(length / size));
        reader.ReadBytes(MemoryMarshal.AsBytes(buffer.Span));
        ReferenceCodec.RecordObject(reader.Session, buffer);
        return buffer;
    }
}
