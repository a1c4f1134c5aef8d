using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Qwen3.Cluster.Torch.Loading;

/// <summary>
/// Loads the native libraries of TorchSharp. The published libLibTorchSharp.so asks for a libstdc++ of GCC 13, for one symbol version
/// that it does not use; where libstdc++ is older (Debian 12, Ubuntu 22.04) a copy without that demand is loaded instead.
/// </summary>
public static class NativeTorch
{
    private const string Library = "LibTorchSharp";

    private static readonly Lock Gate = new();
    private static bool loaded;

    /// <summary>Makes TorchSharp usable. Call it before the first use of <see cref="torch"/>; calls after the first do nothing.</summary>
    /// <exception cref="NativeTorchException">The libraries are not there or cannot be loaded; the message says which and what to do.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (loaded)
            {
                return;
            }
            if (OperatingSystem.IsLinux())
            {
                LoadOnLinux();
            }
            Initialize();
            loaded = true;
        }
    }

    private static void LoadOnLinux()
    {
        string file = Find($"lib{Library}.so")
            ?? throw new NativeTorchException(
                $"lib{Library}.so is not beside the program in {AppContext.BaseDirectory}; build for linux-x64 with the package TorchSharp.");
        // The binding finds libtorch by its name among what is loaded already, wherever the binding itself lies.
        foreach (string name in (string[])["libc10.so", "libtorch_cpu.so", "libtorch_cuda.so", "libtorch.so"])
        {
            if (Find(name) is { } path && !NativeLibrary.TryLoad(path, out _))
            {
                throw Refused(path);
            }
        }
        if (NativeLibrary.TryLoad(file, out _))
        {
            return;
        }
        string copy = RelaxedLibrary.CopyOf(file);
        if (!NativeLibrary.TryLoad(copy, out nint handle))
        {
            throw Refused(copy);
        }
        // TorchSharp asks for the library by name; the loader raises this event once it has failed with the original.
        AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly)!;
        context.ResolvingUnmanagedDll += (_, name) => name == Library ? handle : 0;
    }

    private static void Initialize()
    {
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception e) when (e is NotSupportedException or TypeInitializationException or DllNotFoundException)
        {
            throw new NativeTorchException(
                "libtorch is not beside the program; build with -p:Libtorch=cpu (the default) or -p:Libtorch=cuda.", e);
        }
    }

    /// <summary>Loads a library that is known to fail, for the loader's own words on the cause.</summary>
    private static NativeTorchException Refused(string path)
    {
        try
        {
            NativeLibrary.Load(path);
            return new NativeTorchException($"{path} could not be loaded at the first try; start the program again.");
        }
        catch (DllNotFoundException e)
        {
            string cause = e.Message.ReplaceLineEndings(" ").Trim();
            return new NativeTorchException($"{path} cannot be loaded ({cause}); install what it names, or build with another -p:Libtorch.", e);
        }
    }

    /// <summary>The places where a build or a publish puts native files, the program's own directory first.</summary>
    private static string? Find(string fileName)
    {
        string here = AppContext.BaseDirectory;
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        string[] places = [here, Path.Combine(here, "runtimes", $"linux-{architecture}", "native")];
        return places.Select(place => Path.Combine(place, fileName)).FirstOrDefault(File.Exists);
    }
}
