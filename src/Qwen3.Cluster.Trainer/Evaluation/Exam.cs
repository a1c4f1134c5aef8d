using System.Globalization;
using System.Text;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Data;

namespace Qwen3.Cluster.Trainer.Evaluation;

/// <summary>Asks a model questions, by the engine that serves it, and compares its answers to the letter. Always the likeliest token.</summary>
internal sealed class Exam : IDisposable
{
    private const int PageSize = 16, PageCount = 2048, MaxReplyTokens = 512;

    private readonly Checkpoint _checkpoint;
    private readonly Qwen3Tokenizer _tokenizer;
    private readonly ChatTemplate _template;
    private readonly SimdBackend _backend;
    private readonly LocalExpertPool _experts;
    private readonly Qwen3Model _model;
    private readonly Engine _engine;

    /// <summary>Loads a model.</summary>
    /// <exception cref="CheckpointException">The directory holds none that can be used.</exception>
    public Exam(string directory, int threads, TimeProvider time)
    {
        _checkpoint = Checkpoint.Open(directory);
        _tokenizer = Qwen3Tokenizer.Load(directory);
        _template = ChatTemplate.Load(directory);
        _backend = new SimdBackend(threads);
        _experts = new LocalExpertPool(_backend, _checkpoint, ExpertLayout.For(_checkpoint.Config));
        _model = Qwen3Model.Load(_checkpoint, _backend, _experts, new CacheOptions(PageSize, PageCount));
        _engine = new Engine(_model, _tokenizer, new EngineOptions { EndTokenIds = _checkpoint.EosTokenIds }, time);
    }

    /// <summary>Asks questions in one mode.</summary>
    /// <param name="task">Gives the questions.</param>
    /// <param name="count">How many; 1 or more.</param>
    /// <param name="seed">Which.</param>
    /// <param name="thinks">Whether the model thinks before it answers.</param>
    /// <param name="cancellationToken">Stops it between two steps.</param>
    public ExamResult Run(ITask task, int count, ulong seed, bool thinks, CancellationToken cancellationToken)
    {
        Exchange[] exchanges = [.. Enumerable.Range(0, count).Select(i => task.Make(new SeededRandom(seed, RandomStream.Exam, (ulong)i)))];
        StringBuilder[] answers = [.. exchanges.Select(_ => new StringBuilder())];
        int asked = 0, replied = 0;
        while (replied < count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (asked < count && _engine.TryAdd(Ask(asked, exchanges[asked], thinks)))
            {
                asked++;
            }

            foreach (GenerationDelta delta in _engine.Step())
            {
                int number = int.Parse(delta.RequestId, CultureInfo.InvariantCulture);
                answers[number].Append(delta.Part == ReplyPart.Answer ? delta.Text : "");
                replied += delta.Finish is null ? 0 : 1;
            }
        }

        return new ExamResult(
            count,
            [
                .. exchanges.Zip(answers, (exchange, answer) => new WrongAnswer(exchange.Question, exchange.Answer, answer.ToString().Trim()))
                    .Where(answer => answer.Actual != answer.Expected),
            ]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        _experts.Dispose();
        _backend.Dispose();
        _checkpoint.Dispose();
    }

    private GenerationRequest Ask(int number, Exchange exchange, bool thinks)
    {
        string prompt = _template.Render([new ChatMessage(ChatRole.User, exchange.Question)], enableThinking: thinks ? null : false);
        return new GenerationRequest
        {
            Id = number.ToString(CultureInfo.InvariantCulture),
            Prompt = _tokenizer.Encode(prompt),
            Sampling = new SamplingParameters { Temperature = 0, MaxTokens = MaxReplyTokens },
        };
    }
}
