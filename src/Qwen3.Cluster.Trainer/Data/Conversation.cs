using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.Trainer.Data;

/// <summary>A conversation whose last reply is learned.</summary>
/// <param name="Messages">All before that reply; the last is the user's. None for <see cref="ReplyForm.Plain"/>.</param>
/// <param name="Reply">The exchange that the last message belongs to.</param>
/// <param name="Form">How the reply comes about.</param>
/// <param name="Cut">For <see cref="ReplyForm.ThinkingCut"/>: after which part of its tokens the thinking ends, 0 to 1.</param>
internal sealed record Conversation(IReadOnlyList<ChatMessage> Messages, Exchange Reply, ReplyForm Form, double Cut);
