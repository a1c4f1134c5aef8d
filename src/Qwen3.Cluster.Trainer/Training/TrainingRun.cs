using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Data;
using Qwen3.Cluster.Trainer.Tokenizer;
using Qwen3.Cluster.Trainer.Training.Network;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3.Cluster.Trainer.Training;

/// <summary>
/// A training run in a directory, from the tokenizer to the exported model. It saves its state every few steps and when it is stopped, and goes on
/// from there to the same bits as if it had not been stopped.
/// </summary>
internal sealed class TrainingRun : IDisposable
{
    /// <summary>Where a run that has not ended keeps its state.</summary>
    public const string StateFile = "training-state.safetensors";

    private const int LogInterval = 20;

    private readonly TrainingPlan _plan;
    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly SpecialTokens _specialTokens;
    private readonly BatchSource _batches;
    private readonly FusedAdamW _optimizer;
    private readonly TrainingState _state;

    private TrainingRun(TrainingPlan plan, string directory, TimeProvider time)
    {
        (_plan, _directory, _time) = (plan, directory, time);
        Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(directory);
        _specialTokens = tokenizer.SpecialTokens;
        _batches = new BatchSource(plan.Seed, plan.RowCount, plan.RowLength, new SampleEncoder(tokenizer, ChatTemplate.Load(directory)));
        Network = new Qwen3Network(plan.Shape.ToConfig(_specialTokens.EndOfText!.Value, _specialTokens.ImEnd!.Value), plan.RowLength, plan.Seed);
        _optimizer = new FusedAdamW(Network.Parameters);
        _state = new TrainingState(plan, Network.Parameters, _optimizer);
    }

    /// <summary>What is trained.</summary>
    public Qwen3Network Network { get; }

    /// <summary>Steps behind it.</summary>
    public long StepsDone { get; private set; }

    private string StatePath => Path.Combine(_directory, StateFile);

    /// <summary>Begins a run: makes the directory and the tokenizer.</summary>
    /// <exception cref="TrainerException">Another run's state or model lies there.</exception>
    public static TrainingRun Begin(TrainingPlan plan, string directory, TimeProvider time)
    {
        foreach (string file in (string[])[StateFile, "model.safetensors"])
        {
            if (File.Exists(Path.Combine(directory, file)))
            {
                throw new TrainerException($"{directory} holds {file} already; give --resume to go on with a stopped run, or another --out.");
            }
        }

        Directory.CreateDirectory(directory);
        BytePairVocabulary vocabulary = BytePairTrainer.Train(
            VocabularyText.Generate(plan.Seed, plan.Curriculum.Vocabulary), plan.Shape.Tokens - QwenAddedTokens.All.Count);
        TokenizerWriter.Write(directory, vocabulary, plan.Shape.MaxPositions);
        return new TrainingRun(plan, directory, time);
    }

    /// <summary>Goes on with a run that was stopped.</summary>
    /// <exception cref="TrainerException">There is none, or one with another plan.</exception>
    public static TrainingRun Resume(TrainingPlan plan, string directory, TimeProvider time)
    {
        if (!File.Exists(Path.Combine(directory, StateFile)))
        {
            throw new TrainerException($"{directory} holds no {StateFile}, so there is no stopped run to go on with; leave --resume out, or name its directory with --out.");
        }

        TrainingRun run = new(plan, directory, time);
        try
        {
            run.StepsDone = run._state.Load(run.StatePath);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Trains to the end and exports the model, or until it is cancelled: then it saves its state and throws.</summary>
    /// <param name="saveInterval">Time between two saved states, each with an export of the model as it is.</param>
    /// <param name="report">Called after each step.</param>
    /// <param name="cancellationToken">Stops the run after the step at hand.</param>
    public void Run(TimeSpan saveInterval, Action<TrainingProgress> report, CancellationToken cancellationToken)
    {
        using LossLog log = new(Path.Combine(_directory, "loss.csv"), LogInterval, StepsDone);
        long began = _time.GetTimestamp(), saved = began;
        long first = StepsDone;
        while (StepsDone < _plan.Steps)
        {
            (double loss, double balance, double learningRate) = Step();
            double seconds = Math.Max(1e-9, _time.GetElapsedTime(began).TotalSeconds);
            double stepsPerSecond = (StepsDone - first) / seconds;
            TrainingProgress progress = new(
                StepsDone,
                _plan.Steps,
                StepsDone * _plan.StepTokens,
                loss,
                balance,
                learningRate,
                stepsPerSecond * _plan.StepTokens,
                TimeSpan.FromSeconds((_plan.Steps - StepsDone) / stepsPerSecond));
            log.Add(progress);
            report(progress);
            if (cancellationToken.IsCancellationRequested || _time.GetElapsedTime(saved) >= saveInterval)
            {
                _state.Save(StatePath, StepsDone);
                Export();
                saved = _time.GetTimestamp();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        Export();
        File.Delete(StatePath);
    }

    /// <summary>Writes the model as it is into the run's directory.</summary>
    public void Export(TensorType type = TensorType.BF16) => CheckpointExport.Write(_directory, _plan.Shape, _specialTokens, Network, type);

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();

    private (double Loss, double Balance, double LearningRate) Step()
    {
        using DisposeScope scope = NewDisposeScope();
        (TrainingRound round, long step, long steps) = _plan.Curriculum.RoundAt(StepsDone, _plan.Steps);
        TrainingPhase phase = round.PhaseAt(step, steps);
        double learningRate = round.LearningRateAt(step, steps);
        Batch batch = _batches.At(StepsDone, phase.Mixture, phase.LearnsEarlierAnswers);
        (Tensor loss, Tensor balance) = Network.Forward(batch);
        (loss + (balance * _plan.Shape.BalanceWeight)).backward();
        _optimizer.Step(StepsDone, learningRate);
        StepsDone++;
        return (loss.item<float>(), balance.item<float>(), learningRate);
    }
}
