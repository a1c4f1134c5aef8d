using System.Globalization;
using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Terminal;

// Numbers are read and written alike everywhere: "0.7" is no date in any country.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return await CommandLine.RunAsync(args, CommandTerminal.OfProcess());
