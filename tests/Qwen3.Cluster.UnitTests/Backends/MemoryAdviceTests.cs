using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Qwen3.Cluster.Model.Backends;

namespace Qwen3.Cluster.UnitTests.Backends;

public sealed unsafe class MemoryAdviceTests
{
    [Fact]
    public void Pages_of_a_mapped_file_can_be_fetched_from_any_byte_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "madvise is Linux's.");
        using MemoryMappedFile file = MemoryMappedFile.CreateNew(null, 1 << 20);
        using MemoryMappedViewAccessor view = file.CreateViewAccessor();
        byte* data = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        try
        {
            Assert.True(MemoryAdvice.Fetch(data + 5000, 600_000));
            Assert.True(MemoryAdvice.Fetch(data, 1));
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        Assert.False(MemoryAdvice.Fetch((void*)4096, 10));
    }

    [Fact]
    public void Only_a_large_area_gets_large_pages()
    {
        Assert.SkipUnless(Directory.Exists("/sys/kernel/mm/transparent_hugepage"), "The system has no large pages.");
        nuint bytes = 40 << 20;
        void* memory = NativeMemory.Alloc(bytes);
        Assert.True(MemoryAdvice.PreferLargePages(memory, bytes));
        Assert.False(MemoryAdvice.PreferLargePages(memory, 16 << 20));
        NativeMemory.Free(memory);
    }
}
