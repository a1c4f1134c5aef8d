using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Qwen3.Cluster.Cli.Benchmarking;
using Qwen3.Cluster.Cli.Terminal;
using Qwen3.Cluster.Model.Demo;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary><c>qwen3 bench</c>: how fast a model computes in this process, beside what the machine's memory and arithmetic allow. No cluster.</summary>
public static class BenchCommand
{
    private const int MostTokens = 1 << 20;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        Argument<string> model = new("model")
        {
            Description = $"A checkpoint's directory or GGUF file. Without it: {EmbeddedModel.Name}, the model that comes along.",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => EmbeddedModel.Name,
        };
        Option<string> weights = WeightsOption.Create();
        Option<string> cache = CacheOption.Create();
        Option<int> threads = NumberOption.Whole("--threads", "Threads; 0: one for each core.", least: 0, otherwise: 0);
        Option<int> prompt = NumberOption.Whole("--prompt", "Tokens of the prompt; 0: none is measured.", least: 0, otherwise: 512);
        Option<int> decode = NumberOption.Whole("--decode", "Steps of a round of decoding.", least: 1, otherwise: 64);
        Option<IReadOnlyList<int>> batches = ListOption.Whole("--batch", "Sequences at once, with commas: 1,16.", least: 1, MostTokens, [1, 16]);
        Option<IReadOnlyList<int>> contexts = ListOption.Whole(
            "--context", "Tokens before the first step, with commas: 0,4096. Their keys and values come from random tokens' embeddings, not from a prompt.",
            least: 0, MostTokens, [0]);
        Option<int> repeat = NumberOption.Whole("--repeat", "Rounds, whose median is reported.", least: 1, otherwise: 5);
        Option<int> seed = NumberOption.Whole("--seed", "Of the random tokens.", least: 0, otherwise: 1);
        Option<bool> json = new("--json") { Description = "Write the report as JSON." };
        Command command = new("bench", "Measure a model in this process, beside what the machine allows.")
        {
            model, weights, cache, threads, prompt, decode, batches, contexts, repeat, seed, json,
        };
        command.SetAction((parsed, cancel) =>
        {
            BenchPlan plan = new(
                parsed.GetValue(prompt), parsed.GetValue(decode), parsed.GetValue(batches)!, parsed.GetValue(contexts)!, parsed.GetValue(repeat), parsed.GetValue(seed),
                CacheOption.Read(parsed.GetValue(cache)!));
            string name = parsed.GetValue(model)!;
            BenchRun run = new(
                plan, parsed.GetValue(threads) is > 0 and int count ? count : Environment.ProcessorCount, news => terminal.Error.WriteLine(news));
            BenchReport report = run.Run(
                name, name == EmbeddedModel.Name ? EmbeddedModel.Directory : name, WeightsOption.Read(parsed.GetValue(weights)!), cancel);
            if (parsed.GetValue(json))
            {
                terminal.OutText.WriteLine(JsonSerializer.Serialize(report, Json));
            }
            else
            {
                foreach (string line in BenchText.Render(report, terminal.Width))
                {
                    terminal.OutText.WriteLine(line);
                }
            }

            return Task.CompletedTask;
        });
        return command;
    }
}
