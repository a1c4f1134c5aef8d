using System.CommandLine;
using Qwen3.Cluster.Cli.Evaluation.Questions;
using Qwen3.Cluster.Cli.Evaluation.Scoring;
using Qwen3.Cluster.Cli.Evaluation.Settings;
using Qwen3.Cluster.Protos;

namespace Qwen3.Cluster.Cli.Commands;

/// <summary>The options that say what is asked in an evaluation, and how.</summary>
public sealed class EvalArguments
{
    // Of each of a program's tests; LiveCodeBench's own is 6.
    private static readonly TimeSpan CodeTimeLimit = TimeSpan.FromSeconds(10);

    private readonly Option<string[]> _questions = new("--questions")
    {
        Description = "A file of questions, a JSON object a line; may be given several times. Without it: the set that comes along.",
    };

    private readonly Option<IReadOnlyList<Mode>> _modes = ListOption.Modes("--modes", "fast, deep, auto: fast,deep without it.");
    private readonly Option<IReadOnlyList<uint?>> _steps = ListOption.Limits<uint>("--max-steps", "Budgets of steps, such as 1,2,4,8,16,32,none; for deep and auto.");

    private readonly Option<IReadOnlyList<uint?>> _thinkingTokens = ListOption.Limits<uint>(
        "--max-thinking-tokens", "Budgets of tokens of thinking, such as 0,64,256,none; beside those of --max-steps, not times them.");

    private readonly Option<IReadOnlyList<uint?>> _experts = ListOption.Limits<uint>("--experts", "Experts for each token, such as 1,2,4,8: asked by limits on activated parameters.");
    private readonly Option<IReadOnlyList<double?>> _times = ListOption.Limits<double>("--response-times", "Response times in seconds, such as 0.5,1,2,none.");
    private readonly Option<int?> _limit = NumberOption.Whole<int>("--limit", "Questions of each file, spread evenly over it. Without it: all.");
    private readonly Option<int> _samples = NumberOption.Whole("--samples", "Replies to each question in each setting; the accuracy is their mean.", least: 1, otherwise: 1);
    private readonly Option<int> _concurrency = NumberOption.Whole("--concurrency", "Questions at a time; the latency is measured under that load.", least: 1, otherwise: 8);
    private readonly Option<ulong?> _seed = NumberOption.Whole<ulong>("--seed", "Of the first sample; each further one has the next. 1 without it.");
    private readonly Option<float?> _temperature = NumberOption.Fraction("--temperature", "0, the likeliest token, without it; else up to 2.");
    private readonly Option<uint?> _maxTokens = NumberOption.Whole<uint>("--max-tokens", "Tokens of a reply, thinking included. Without it: what the context has room for.");

    private readonly Option<bool> _runCode = new("--run-code")
    {
        Description = "Run programs that the model writes, to score questions that ask for one: on this machine, as you, with limits but without a sandbox.",
    };

    /// <summary>Makes the options part of a command.</summary>
    public EvalArguments(Command command)
    {
        Option[] options =
            [_questions, _modes, _steps, _thinkingTokens, _experts, _times, _limit, _samples, _concurrency, _seed, _temperature, _maxTokens, _runCode];
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    /// <summary>Reads the files of questions.</summary>
    /// <exception cref="UsageException">One is missing or wrong, or --limit is.</exception>
    public IReadOnlyList<QuestionFile> ReadQuestions(ParseResult parsed)
    {
        int? limit = parsed.GetValue(_limit);
        if (limit < 1)
        {
            throw new UsageException($"--limit is {limit}: it must be 1 or more.");
        }

        PythonRunner? runner = parsed.GetValue(_runCode) ? new PythonRunner(CodeTimeLimit) : null;
        string[] paths = parsed.GetValue(_questions) is { Length: > 0 } given ? given : [QuestionFile.Embedded];
        QuestionFile[] files = [.. paths.Select(path => QuestionFile.Read(path, limit, runner))];
        return files.SelectMany(file => file.Questions).GroupBy(question => question.Id).FirstOrDefault(group => group.Count() > 1) is { Key: { } twice }
            ? throw new UsageException($"two files of --questions have a question {twice}: give them different names.")
            : files;
    }

    /// <summary>The grid of settings.</summary>
    public SettingsGrid ReadGrid(ParseResult parsed) => new(
        parsed.GetValue(_modes)!, parsed.GetValue(_steps)!, parsed.GetValue(_thinkingTokens)!, parsed.GetValue(_experts)!, parsed.GetValue(_times)!);

    /// <summary>All that the results depend on.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="name">The model's name.</param>
    /// <param name="model">The model; null: the server chooses one for each request.</param>
    /// <param name="files">The questions.</param>
    /// <param name="settings">How they are asked.</param>
    public EvalPlan ReadPlan(ParseResult parsed, string name, ModelInfo? model, IReadOnlyList<QuestionFile> files, IReadOnlyList<EvalSetting> settings) => new(
        name,
        model?.Parameters ?? 0,
        [.. files.Select(file => $"{Path.GetFileName(file.Path)} {file.Sha256}")],
        parsed.GetValue(_limit),
        [.. settings.Select(setting => setting.Name)],
        parsed.GetValue(_samples),
        parsed.GetValue(_seed) ?? 1,
        parsed.GetValue(_temperature) ?? 0,
        parsed.GetValue(_maxTokens),
        parsed.GetValue(_concurrency));
}
