using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Chat;
using Qwen3.Cluster.Trainer.Data.Problems;
using Qwen3.Cluster.Trainer.Data.Texts;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>The groups of samples that the phases of the embedded model are mixed from.</summary>
internal static class EmbeddedSources
{
    // What has to be seen at a glance takes many examples: most where there are many cases and little to go by.
    private static readonly Dictionary<string, double> EasyWeights = new(StringComparer.Ordinal)
    {
        ["sum"] = 2, ["difference"] = 2, ["product"] = 2.5, ["remainder"] = 1.3, ["comparison"] = 1.3, ["sorting"] = 1, ["reversing"] = 0.8,
        ["letters"] = 0.8, ["conversion"] = 0.7, ["word-problem"] = 2,
    };

    private static readonly (ITask Task, double Weight)[] Easy = [.. ProblemKinds.All
        .Where(kind => kind.Difficulties.Contains(Difficulty.Easy)).Select(kind => ((ITask)new ProblemTask(kind, Difficulty.Easy), EasyWeights[kind.Name]))];

    private static readonly (ITask Task, double Weight)[] Hard = [.. ProblemKinds.All
        .Where(kind => kind.Difficulties.Contains(Difficulty.Hard)).Select(kind => ((ITask)new ProblemTask(kind, Difficulty.Hard), 1.0))];

    private static readonly (ITask Task, double Weight)[] Talk = [(new SmallTalkTask(), 3), (new OtherRequestsTask(), 3), (new RetrievalTask(2, 30), 1)];

    private static readonly ITask Earlier = new TaskMixture([.. Easy.Select(task => task.Task), new SmallTalkTask()]);

    /// <summary>Sentences and rows, and the facts of digits.</summary>
    public static ISampleSource Texts { get; } = new Mixture(
        [(new PlainTextSource(new SentenceText()), 2), (new PlainTextSource(new SequenceText()), 1), (new PlainTextSource(new DigitFactText()), 2)]);

    /// <summary>Rows of easy equations.</summary>
    public static ISampleSource Drills { get; } = new DrillSource([new SumKind(), new DifferenceKind(), new ProductKind(), new ProductKind()]);

    /// <summary>Easy problems as plain text.</summary>
    public static ISampleSource EasyExercises(bool showsSteps) => Exercises(Easy, showsSteps, 1, 1);

    /// <summary>Hard problems as plain text, with their way.</summary>
    public static ISampleSource HardExercises { get; } = Exercises(Hard, showsSteps: true, 1, 1);

    /// <summary>Talk, and short lists to find something in, as plain text.</summary>
    public static ISampleSource TalkExercises { get; } = Exercises(Talk, showsSteps: false, 1, 1);

    /// <summary>Texts of several hundred tokens that need all of them: many exercises of one kind with their ways or without, and long lists to find something in.</summary>
    public static ISampleSource LongTexts { get; } = new Mixture(
    [
        (new ExerciseSource(new RetrievalTask(20, 100), showsSteps: false), 4),
        (Exercises(Hard, showsSteps: true, 3, 8), 3),
        (Exercises(Easy, showsSteps: true, 6, 16), 1),
        (Exercises(Easy, showsSteps: false, 12, 40), 1),
    ]);

    /// <summary>Easy problems in conversations.</summary>
    public static ISampleSource EasyChat(ReplyForm form) => Chat(Easy, form);

    /// <summary>Hard problems in conversations.</summary>
    public static ISampleSource HardChat(ReplyForm form) => Chat(Hard, form);

    /// <summary>Talk, and lists to find something in, in conversations.</summary>
    public static ISampleSource TalkChat(ReplyForm form) => Chat(Talk, form);

    private static Mixture Exercises((ITask Task, double Weight)[] tasks, bool showsSteps, int least, int most) =>
        new([.. tasks.Select(task => ((ISampleSource)new ExerciseSource(task.Task, showsSteps, least, most), task.Weight))]);

    private static Mixture Chat((ITask Task, double Weight)[] tasks, ReplyForm form) =>
        new([.. tasks.Select(task => ((ISampleSource)new ChatSource(task.Task, form, Earlier), task.Weight))]);
}
