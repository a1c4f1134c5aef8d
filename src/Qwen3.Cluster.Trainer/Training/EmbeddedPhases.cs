using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Data.Chat;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>
/// The phases of the embedded model. Weights are of samples; a sample with its thinking has five times the tokens of one without.
/// </summary>
internal static class EmbeddedPhases
{
    private const int ShortWindow = 256, LongWindow = 1024, ChatWindow = 512;
    private const double ShortBase = 10_000, LongBase = 1_000_000;

    // What a model can be asked for: before the long texts not much more than it has seen, after them the turn of the angles leaves room.
    private const int ShortContext = 1024, LongContext = 4096;

    /// <summary>In their order.</summary>
    public static IReadOnlyList<TrainingPhase> All { get; } =
    [
        new TrainingPhase
        {
            Name = "pretrain",
            Description = "Pre-training 1, general: short plain texts of all kinds in four languages.",
            Tokens = 5_000_000,
            PeakLearningRate = 3e-3,
            FinalLearningRate = 1.5e-3,
            RowCount = 4,
            RowLength = ShortWindow,
            RopeBase = ShortBase,
            MaxPositions = ShortContext,
            Source = new Mixture(
            [
                (EmbeddedSources.Texts, 50), (EmbeddedSources.TalkExercises, 10), (EmbeddedSources.Drills, 6),
                (EmbeddedSources.EasyExercises(showsSteps: false), 28), (EmbeddedSources.EasyExercises(showsSteps: true), 12),
            ]),
        },
        new TrainingPhase
        {
            Name = "reasoning",
            Description = "Pre-training 2, reasoning: a larger share of arithmetic and logic, worked out.",
            Tokens = 18_000_000,
            PeakLearningRate = 3e-3,
            FinalLearningRate = 5e-4,
            RowCount = 4,
            RowLength = ShortWindow,
            RopeBase = ShortBase,
            MaxPositions = ShortContext,
            Source = new Mixture(
            [
                (EmbeddedSources.Texts, 6), (EmbeddedSources.TalkExercises, 2), (EmbeddedSources.Drills, 14),
                (EmbeddedSources.EasyExercises(showsSteps: false), 42), (EmbeddedSources.EasyExercises(showsSteps: true), 6),
                (EmbeddedSources.HardExercises, 13),
            ]),
        },
        new TrainingPhase
        {
            Name = "long-context",
            Description = "Pre-training 3, long context: the rope base raised to 1,000,000, windows four times as long, texts that fill them.",
            Tokens = 3_000_000,
            PeakLearningRate = 1e-3,
            FinalLearningRate = 5e-4,
            RowCount = 1,
            RowLength = LongWindow,
            RopeBase = LongBase,
            MaxPositions = LongContext,
            Source = EmbeddedSources.LongTexts,
        },
        new TrainingPhase
        {
            Name = "thinking",
            Description = "After it 1, long thinking: conversations whose replies are thought through.",
            Tokens = 8_000_000,
            PeakLearningRate = 2e-3,
            FinalLearningRate = 5e-4,
            RowCount = 2,
            RowLength = ChatWindow,
            RopeBase = LongBase,
            MaxPositions = LongContext,
            // Without the exercises among them the model would forget how to answer at a glance.
            Source = new Mixture(
            [
                (EmbeddedSources.HardChat(ReplyForm.Thinking), 45), (EmbeddedSources.EasyChat(ReplyForm.Thinking), 20),
                (EmbeddedSources.TalkChat(ReplyForm.Thinking), 5), (EmbeddedSources.EasyExercises(showsSteps: false), 20), (EmbeddedSources.Drills, 6),
            ]),
        },
        new TrainingPhase
        {
            Name = "fusion",
            Description = "After it 2, both modes in one: thinking, direct answers, the switches, and thinking that a budget ends.",
            Tokens = 16_000_000,
            PeakLearningRate = 2e-3,
            FinalLearningRate = 2e-5,
            RowCount = 2,
            RowLength = ChatWindow,
            RopeBase = LongBase,
            MaxPositions = LongContext,
            // Few direct answers to hard questions: enough that the model gives one and is unsure of it.
            Source = new Mixture(
            [
                (EmbeddedSources.EasyChat(ReplyForm.Direct), 38), (EmbeddedSources.EasyChat(ReplyForm.DirectBySuffix), 5),
                (EmbeddedSources.EasyChat(ReplyForm.Thinking), 9), (EmbeddedSources.EasyChat(ReplyForm.ThinkingCut), 3),
                (EmbeddedSources.HardChat(ReplyForm.Direct), 3), (EmbeddedSources.HardChat(ReplyForm.DirectBySuffix), 1),
                (EmbeddedSources.HardChat(ReplyForm.Thinking), 16), (EmbeddedSources.HardChat(ReplyForm.ThinkingCut), 8),
                (EmbeddedSources.TalkChat(ReplyForm.Direct), 3), (EmbeddedSources.TalkChat(ReplyForm.DirectBySuffix), 1),
                (EmbeddedSources.TalkChat(ReplyForm.Thinking), 3), (EmbeddedSources.Drills, 6),
            ]),
        },
        new TrainingPhase
        {
            Name = "general",
            Description = "After it 3, general: both modes again, with more of what the exam still finds wrong.",
            Tokens = 8_000_000,
            PeakLearningRate = 1.5e-3,
            FinalLearningRate = 1e-5,
            RowCount = 2,
            RowLength = ChatWindow,
            RopeBase = LongBase,
            MaxPositions = LongContext,
            Source = new Mixture(
            [
                (EmbeddedSources.EasyPractice(ReplyForm.Direct), 60), (EmbeddedSources.EasyPractice(ReplyForm.DirectBySuffix), 6), (EmbeddedSources.SumDrills, 18),
                (EmbeddedSources.PaperPractice, 24), (EmbeddedSources.EasyChat(ReplyForm.ThinkingCut), 3), (EmbeddedSources.HardChat(ReplyForm.ThinkingCut), 3),
                (EmbeddedSources.HardChat(ReplyForm.Direct), 3), (EmbeddedSources.HardChat(ReplyForm.DirectBySuffix), 1),
                (EmbeddedSources.TalkChat(ReplyForm.Direct), 2), (EmbeddedSources.TalkChat(ReplyForm.DirectBySuffix), 1), (EmbeddedSources.TalkChat(ReplyForm.Thinking), 1),
            ]),
        },
    ];

    /// <summary>What the tokenizer is made from.</summary>
    public static ISampleSource Vocabulary { get; } = new Mixture([(All[0].Source, 1), (All[1].Source, 1), (All[4].Source, 2)]);
}
