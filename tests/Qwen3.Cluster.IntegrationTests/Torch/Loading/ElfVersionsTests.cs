using System.Runtime.InteropServices;
using Qwen3.Cluster.Torch.Loading;

namespace Qwen3.Cluster.IntegrationTests.Torch.Loading;

public sealed class ElfVersionsTests
{
    private static string Library =>
        Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

    [Fact]
    public void Only_the_flag_of_the_one_version_changes()
    {
        SkipWithoutLibrary();
        byte[] original = File.ReadAllBytes(Library), image = [.. original];
        Assert.True(ElfVersions.MakeOptional(image, RelaxedLibrary.NewerVersion));
        int[] changed = [.. Enumerable.Range(0, image.Length).Where(i => image[i] != original[i])];
        int at = Assert.Single(changed);
        Assert.Equal(original[at] | 2, image[at]);
    }

    [Fact]
    public void A_version_that_nobody_asks_for_changes_nothing()
    {
        SkipWithoutLibrary();
        byte[] original = File.ReadAllBytes(Library), image = [.. original];
        Assert.False(ElfVersions.MakeOptional(image, "GLIBCXX_3.4.3"));
        Assert.Equal(original, image);
    }

    [Fact]
    public void What_is_no_library_is_left_alone()
    {
        Assert.False(ElfVersions.MakeOptional([], RelaxedLibrary.NewerVersion));
        Assert.False(ElfVersions.MakeOptional("\x7fELF\x02\x01 cut short"u8.ToArray(), RelaxedLibrary.NewerVersion));
    }

    [Fact]
    public void A_library_with_its_end_cut_off_is_left_alone()
    {
        SkipWithoutLibrary();
        byte[] image = File.ReadAllBytes(Library)[..5000];
        Assert.False(ElfVersions.MakeOptional(image, RelaxedLibrary.NewerVersion));
    }

    [Fact]
    public void The_copy_can_be_loaded_and_the_original_stays_as_it_is()
    {
        SkipWithoutLibrary();
        byte[] original = File.ReadAllBytes(Library);
        NativeTorch.Load();
        string copy = RelaxedLibrary.CopyOf(Library);
        Assert.Equal(copy, RelaxedLibrary.CopyOf(Library));
        Assert.NotEqual(Path.GetFullPath(Library), Path.GetFullPath(copy));
        Assert.True(NativeLibrary.TryLoad(copy, out _));
        Assert.Equal(original, File.ReadAllBytes(Library));
    }

    private static void SkipWithoutLibrary() =>
        Assert.SkipUnless(File.Exists(Library), $"{Library} is not there: this build brings no libtorch for linux-x64.");
}
