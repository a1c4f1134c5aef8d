namespace Qwen3.Cluster.Trainer.Data;

/// <summary>The languages that the model is asked in. It thinks in signs that belong to none of them.</summary>
internal enum Language
{
    English,
    Chinese,
    German,
    Spanish,
}
