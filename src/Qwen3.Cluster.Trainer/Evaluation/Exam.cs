using System.Globalization;
using System.Text;
using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;
using Qwen3.Cluster.Model.Generation;
using Qwen3.Cluster.Model.Layers;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Trainer.Evaluation;

/// <summary>Asks a model questions, by the engine that serves it, and takes down its answers. Always the likeliest token.</summary>
internal sealed class Exam : IDisposable
{
    private const int PageSize = 16, PageCount = 2048, MaxReplyTokens = 600;

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
    /// <param name="questions">Any number.</param>
    /// <param name="mode">How.</param>
    /// <param name="cancellationToken">Stops it between two steps.</param>
    /// <returns>The replies, in the order of the questions.</returns>
    public IReadOnlyList<ExamReply> Run(IReadOnlyList<ExamQuestion> questions, ExamMode mode, CancellationToken cancellationToken)
    {
        PendingReply[] replies = [.. questions.Select(_ => new PendingReply())];
        int asked = 0, replied = 0;
        while (replied < questions.Count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (asked < questions.Count && _engine.TryAdd(Ask(asked, questions[asked], mode)))
            {
                asked++;
            }

            foreach (GenerationDelta delta in _engine.Step())
            {
                replies[int.Parse(delta.RequestId, CultureInfo.InvariantCulture)].Append(delta);
                replied += delta.Finish is null ? 0 : 1;
            }
        }

        return [.. questions.Zip(replies, (question, reply) => reply.ToReply(question))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        _experts.Dispose();
        _backend.Dispose();
        _checkpoint.Dispose();
    }

    private GenerationRequest Ask(int number, ExamQuestion question, ExamMode mode)
    {
        string prompt = _template.Render([new ChatMessage(ChatRole.User, question.Question)], enableThinking: mode.Thinks ? null : false);
        return new GenerationRequest
        {
            Id = number.ToString(CultureInfo.InvariantCulture),
            Prompt = _tokenizer.Encode(prompt),
            Sampling = new SamplingParameters { Temperature = 0, MaxTokens = MaxReplyTokens, Logprobs = 0 },
            Thinking = new ThinkingLimits { MaxSteps = mode.MaxSteps },
        };
    }

    private sealed class PendingReply
    {
        private readonly StringBuilder _answer = new();
        private readonly StringBuilder _thinking = new();
        private double _logprob;
        private int _tokens;

        public void Append(GenerationDelta delta)
        {
            (delta.Part == ReplyPart.Answer ? _answer : _thinking).Append(delta.Text);
            _logprob += delta.Part == ReplyPart.Answer ? delta.Logprobs.Sum(token => token.Logprob) : 0;
            _tokens += delta.TokenIds.Count;
        }

        public ExamReply ToReply(ExamQuestion question) => new(question, _answer.ToString().Trim(), _thinking.ToString().Trim(), Math.Exp(_logprob), _tokens);
    }
}
