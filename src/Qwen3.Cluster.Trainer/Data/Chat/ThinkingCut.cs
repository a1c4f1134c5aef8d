namespace Qwen3.Cluster.Trainer.Data.Chat;

/// <summary>Where a budget ends a thinking.</summary>
/// <param name="Paragraphs">So many are begun, 1 or more.</param>
/// <param name="PartOfTokens">Of their tokens and the tag before them so many remain, 0 to 1.</param>
internal sealed record ThinkingCut(int Paragraphs, double PartOfTokens);
