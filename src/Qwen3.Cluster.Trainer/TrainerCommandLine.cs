using System.CommandLine;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Torch.Loading;
using Qwen3.Cluster.Trainer.Commands;

namespace Qwen3.Cluster.Trainer;

/// <summary>The command tree of the trainer, and what becomes of its errors.</summary>
internal static class TrainerCommandLine
{
    /// <summary>Runs one command line.</summary>
    /// <param name="arguments">The words after the program's name.</param>
    /// <param name="output">Receives what was asked for.</param>
    /// <param name="error">Receives everything else.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter error)
    {
        RootCommand root = new("Trains the model that comes along with Qwen3.Cluster, and examines it.") 
        {
            TrainCommand.Create(), EvalCommand.Create(), QuestionsCommand.Create(),
        };
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine(parsed.Errors[0].Message);
            return ExitCode.Usage;
        }

        InvocationConfiguration invocation = new()
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            // A stopped run saves its state first, however long the step at hand takes.
            ProcessTerminationTimeout = TimeSpan.FromMinutes(1),
        };
        try
        {
            return await parsed.InvokeAsync(invocation);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (e is TrainerException or CheckpointException or NativeTorchException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(e.Message);
            return ExitCode.Failure;
        }
    }
}
