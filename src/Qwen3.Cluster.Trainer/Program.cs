using System.Globalization;
using Qwen3.Cluster.Trainer;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return await TrainerCommandLine.RunAsync(args, Console.Out, Console.Error);
