using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Tokenizer;
using Qwen3.Cluster.Trainer.Training.Network;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>
/// A phase in a run's directory, from the result of the phase before it to the exported model. It saves its state every few minutes and when it is stopped,
/// and goes on from there to the same bits as if it had not been stopped.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    private const int LogInterval = 20;

    private readonly TrainingPlan _plan;
    private readonly int _number;
    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly TrainingPhase _phase;
    private readonly PhaseFiles _files;
    private readonly SpecialTokens _specialTokens;
    private readonly BatchSource _batches;
    private readonly FusedAdamW _optimizer;
    private readonly TrainingState _state;

    private TrainingRun(TrainingPlan plan, int phase, string directory, TimeProvider time)
    {
        (_plan, _number, _directory, _time) = (plan, phase, directory, time);
        _phase = plan.Curriculum.Phases[phase];
        _files = FilesOf(plan, phase, directory);
        Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(directory);
        _specialTokens = tokenizer.SpecialTokens;
        _batches = new BatchSource(plan.Seed, phase, _phase.RowCount, _phase.RowLength, _phase.Source, new SampleEncoder(tokenizer));
        Network = new Qwen3Network(
            plan.ShapeOf(phase).ToConfig(_specialTokens.EndOfText!.Value, _specialTokens.ImEnd!.Value), _phase.RowLength, plan.Seed);
        _optimizer = new FusedAdamW(Network.Parameters);
        _state = new TrainingState(Network.Parameters, _optimizer);
    }

    /// <summary>What is trained.</summary>
    public Qwen3Network Network { get; }

    /// <summary>Steps of the phase behind it.</summary>
    public long StepsDone { get; private set; }

    /// <summary>Steps of the phase in all.</summary>
    public long Steps => _plan.StepsOf(_number);

    /// <summary>Whether a phase has ended in a directory.</summary>
    public static bool IsDone(TrainingPlan plan, int phase, string directory) => File.Exists(FilesOf(plan, phase, directory).Weights);

    /// <summary>Begins a phase, or goes on with one that was stopped. The first one makes the directory and the tokenizer.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="phase">The phase's number, from 0.</param>
    /// <param name="directory">Of the run.</param>
    /// <param name="time">The clock for speeds.</param>
    /// <exception cref="TrainerException">The phase before it has not ended here, or something of another plan lies here.</exception>
    public static TrainingRun Open(TrainingPlan plan, int phase, string directory, TimeProvider time)
    {
        if (phase > 0 && !IsDone(plan, phase - 1, directory))
        {
            string before = plan.Curriculum.Phases[phase - 1].Name;
            throw new TrainerException(
                $"{directory} does not hold the result of the phase '{before}', which '{plan.Curriculum.Phases[phase].Name}' begins with; train '{before}' first, or 'all'.");
        }

        bool resumes = File.Exists(FilesOf(plan, phase, directory).State);
        if (phase == 0 && !resumes)
        {
            MakeTokenizer(plan, directory);
        }

        TrainingRun run = new(plan, phase, directory, time);
        try
        {
            run.LoadWeights(resumes);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Trains to the phase's end and exports the model, or until it is cancelled: then it saves its state and throws.</summary>
    /// <param name="saveInterval">Time between two saved states, each with an export of the model as it is.</param>
    /// <param name="report">Called after each step.</param>
    /// <param name="cancellationToken">Stops the run after the step at hand.</param>
    public void Run(TimeSpan saveInterval, Action<TrainingProgress> report, CancellationToken cancellationToken)
    {
        using LossLog log = new(_files.Loss, LogInterval, StepsDone);
        long began = _time.GetTimestamp(), saved = began;
        long first = StepsDone;
        while (StepsDone < Steps)
        {
            (double loss, double balance, double learningRate) = Step();
            double seconds = Math.Max(1e-9, _time.GetElapsedTime(began).TotalSeconds);
            double stepsPerSecond = (StepsDone - first) / seconds;
            TrainingProgress progress = new(
                StepsDone,
                Steps,
                StepsDone * _phase.StepTokens,
                loss,
                balance,
                learningRate,
                stepsPerSecond * _phase.StepTokens,
                TimeSpan.FromSeconds((Steps - StepsDone) / stepsPerSecond));
            log.Add(progress);
            report(progress);
            if (cancellationToken.IsCancellationRequested || _time.GetElapsedTime(saved) >= saveInterval)
            {
                _state.Save(_files.State, _plan.Describe(_number), StepsDone, withMoments: true);
                Export();
                saved = _time.GetTimestamp();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        Export();
        _state.Save(_files.Weights, _plan.Describe(_number), StepsDone, withMoments: false);
        File.Delete(_files.State);
    }

    /// <summary>Writes the model as it is into the run's directory.</summary>
    public void Export(TensorType type = TensorType.BF16) =>
        CheckpointExport.Write(_directory, _plan.ShapeOf(_number), _specialTokens, Network, type);

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();

    private static PhaseFiles FilesOf(TrainingPlan plan, int phase, string directory) => new(directory, plan.Curriculum.Phases[phase].Name);

    private static void MakeTokenizer(TrainingPlan plan, string directory)
    {
        string model = Path.Combine(directory, "model.safetensors");
        if (File.Exists(model))
        {
            throw new TrainerException($"{directory} holds {Path.GetFileName(model)} already, which no stopped run of this plan has left there; give another --out.");
        }

        Directory.CreateDirectory(directory);
        BytePairVocabulary vocabulary = BytePairTrainer.Train(
            VocabularyText.Generate(plan.Seed, plan.Curriculum.Vocabulary), plan.Shape.Tokens - QwenAddedTokens.All.Count);
        TokenizerWriter.Write(directory, vocabulary, plan.Curriculum.Phases[^1].MaxPositions);
    }

    private void LoadWeights(bool resumes)
    {
        if (resumes)
        {
            StepsDone = _state.Load(_files.State, _plan.Describe(_number), withMoments: true);
        }
        else if (_number > 0)
        {
            _state.Load(FilesOf(_plan, _number - 1, _directory).Weights, _plan.Describe(_number - 1), withMoments: false);
        }
    }

    private (double Loss, double Balance, double LearningRate) Step()
    {
        using DisposeScope scope = NewDisposeScope();
        double learningRate = _phase.LearningRateAt(StepsDone, Steps);
        (Tensor loss, Tensor balance) = Network.Forward(_batches.At(StepsDone));
        (loss + (balance * _plan.Shape.BalanceWeight)).backward();
        _optimizer.Step(StepsDone, learningRate);
        StepsDone++;
        return (loss.item<float>(), balance.item<float>(), learningRate);
    }
}
