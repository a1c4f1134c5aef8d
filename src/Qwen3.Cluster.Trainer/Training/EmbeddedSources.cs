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

    // What the exam after the phase 'fusion' found weak: at a glance, and on paper.
    private static readonly Dictionary<string, double> WeakAtAGlance = new(StringComparer.Ordinal)
    {
        ["sum"] = 6, ["difference"] = 7, ["product"] = 3.5, ["remainder"] = 1.5, ["comparison"] = 1.5, ["sorting"] = 1, ["reversing"] = 0.5,
        ["letters"] = 3, ["conversion"] = 0.5, ["word-problem"] = 0.3,
    };

    private static readonly Dictionary<string, double> WeakOnPaper = new(StringComparer.Ordinal)
    {
        ["sum"] = 1, ["difference"] = 1, ["product"] = 1, ["remainder"] = 1, ["comparison"] = 3, ["sorting"] = 8, ["reversing"] = 1,
        ["letters"] = 2, ["conversion"] = 0.5, ["word-problem"] = 0.7,
    };

    private static readonly (ITask Task, double Weight)[] Easy = Problems(Difficulty.Easy, EasyWeights);

    private static readonly (ITask Task, double Weight)[] Hard = Problems(Difficulty.Hard, null);

    private static readonly (ITask Task, double Weight)[] EasyAtAGlance = Problems(Difficulty.Easy, WeakAtAGlance);

    private static readonly (ITask Task, double Weight)[] EasyOnPaper = Problems(Difficulty.Easy, WeakOnPaper);

    private static readonly (ITask Task, double Weight)[] HardOnPaper = Problems(Difficulty.Hard, WeakOnPaper);

    private static readonly (ITask Task, double Weight)[] Talk = [(new SmallTalkTask(), 3), (new OtherRequestsTask(), 3), (new RetrievalTask(2, 30), 1)];

    private static readonly ITask Earlier = new TaskMixture([.. Easy.Select(task => task.Task), new SmallTalkTask()]);

    /// <summary>Sentences and rows, and the facts of digits.</summary>
    public static ISampleSource Texts { get; } = new Mixture(
        [(new PlainTextSource(new SentenceText()), 2), (new PlainTextSource(new SequenceText()), 1), (new PlainTextSource(new DigitFactText()), 2)]);

    /// <summary>Rows of easy equations.</summary>
    public static ISampleSource Drills { get; } = new DrillSource([new SumKind(), new DifferenceKind(), new ProductKind(), new ProductKind()]);

    /// <summary>The same, more of sums and differences: of three digits they are the most to learn at a glance.</summary>
    public static ISampleSource SumDrills { get; } = new DrillSource([new SumKind(), new SumKind(), new DifferenceKind(), new DifferenceKind(), new ProductKind()]);

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

    /// <summary>Easy problems in conversations, more of those that the model still gets wrong at a glance.</summary>
    public static ISampleSource EasyPractice(ReplyForm form) => Chat(EasyAtAGlance, form);

    /// <summary>Easy and hard problems in conversations, thought through, more of those that the model still gets wrong on paper.</summary>
    public static ISampleSource PaperPractice { get; } = new Mixture([(Chat(EasyOnPaper, ReplyForm.Thinking), 1), (Chat(HardOnPaper, ReplyForm.Thinking), 2)]);

    /// <summary>Talk, and lists to find something in, in conversations.</summary>
    public static ISampleSource TalkChat(ReplyForm form) => Chat(Talk, form);

    private static (ITask Task, double Weight)[] Problems(Difficulty difficulty, Dictionary<string, double>? weights) => [.. ProblemKinds.All
        .Where(kind => kind.Difficulties.Contains(difficulty)).Select(kind => ((ITask)new ProblemTask(kind, difficulty), weights?[kind.Name] ?? 1.0))];

    private static Mixture Exercises((ITask Task, double Weight)[] tasks, bool showsSteps, int least, int most) =>
        new([.. tasks.Select(task => ((ISampleSource)new ExerciseSource(task.Task, showsSteps, least, most), task.Weight))]);

    private static Mixture Chat((ITask Task, double Weight)[] tasks, ReplyForm form) =>
        new([.. tasks.Select(task => ((ISampleSource)new ChatSource(task.Task, form, Earlier), task.Weight))]);
}
