using Qwen3.Cluster.Model.Backends;
using Qwen3.Cluster.Model.Checkpoints;
using Qwen3.Cluster.Model.Experts;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>One model of a silo: where it is, and how much of the machine it may use.</summary>
public sealed class ModelOptions
{
    /// <summary>As requests name it; the directory's name if empty.</summary>
    public string Name { get; set; } = "";

    /// <summary>A directory as Hugging Face or ModelScope gives it, or a GGUF file.</summary>
    public string Directory { get; set; } = "";

    /// <summary>How its weights are used: as they are stored, or packed in 8 or 4 bits, in a file that is made at the first use. The same on all nodes.</summary>
    public WeightFormat Weights { get; set; }

    /// <summary>Shards that the experts are spread over; 1 to the number of experts of a layer. Fixed for a model, whatever the number of nodes.</summary>
    public int ExpertShards { get; set; } = 4;

    /// <summary>Routers that share the shards, each with a trunk and a cache of its own; 1 to 64.</summary>
    public int Replicas { get; set; } = 1;

    /// <summary>Labels that a node must have to hold shards or routers of the model.</summary>
    public Dictionary<string, string> NodeLabels { get; set; } = [];

    /// <summary>
    /// How exact the numbers are that go to the experts and come back: float32, or bfloat16 for half of the bytes on the wire. It holds in one
    /// process too, so that the tokens do not depend on where experts live. The same on all nodes.
    /// </summary>
    public ActivationPrecision Precision { get; set; }

    /// <summary>Replicas of other shards' experts that a shard may hold of each layer when the load is evened out; 0: experts only move. 0 or more.</summary>
    public int ExtraExperts { get; set; } = 1;

    /// <summary>Slices that a dense feed-forward block is cut into; the last bits of its sums depend on it. 1 or more.</summary>
    public int DenseSlices { get; set; } = ExpertLayout.DefaultDenseSlices;

    /// <summary>What computes: the name of a back-end of this process, <c>simd</c> or <c>reference</c>, or one that the host adds.</summary>
    public string Backend { get; set; } = "simd";

    /// <summary>Threads of a router's arithmetic, and of the device that all shards of a node share; 0: one for each core.</summary>
    public int Threads { get; set; }

    /// <summary>Positions that the cache of keys and values holds, over all sequences; rounded up to whole pages.</summary>
    public int CacheTokens { get; set; } = 32768;

    /// <summary>How the numbers of keys and values are kept: in two bytes as the models were trained with, in one, or in four. The same on all nodes.</summary>
    public CacheFormat Cache { get; set; } = CacheFormat.BF16;

    /// <summary>Positions of a page of the cache; prefixes are shared by whole pages. 1 or more.</summary>
    public int PageSize { get; set; } = 16;

    /// <summary>Rows of a step, decodes and chunks of prompts together; at least <see cref="MaxSequences"/>.</summary>
    public int MaxBatchTokens { get; set; } = 256;

    /// <summary>Sequences that run at once; 1 or more.</summary>
    public int MaxSequences { get; set; } = 32;

    /// <summary>Requests that wait for a place; 1 or more. One more is turned away.</summary>
    public int MaxWaiting { get; set; } = 64;

    /// <summary>
    /// Drafts of a reply that a step may run beside its next token, where the request does not say; 0 (none) to 8. They are what followed the reply's
    /// last tokens earlier in its text, or what <see cref="DraftModel"/> finds likeliest, and as many run as are worth their rows. No token depends on it.
    /// Null: 8 with a draft model, else none, because looking for what repeats itself pays only in texts that do.
    /// </summary>
    public int? MaxDraftTokens { get; set; }

    /// <summary>
    /// A small model with the same tokenizer that guesses next tokens, a directory or a GGUF file; each router has it whole, with a cache of as many
    /// positions. Empty: none.
    /// </summary>
    public string DraftModel { get; set; } = "";

    /// <summary>When the mode AUTO turns to thinking.</summary>
    public AutoOptions Auto { get; set; } = new();
}
