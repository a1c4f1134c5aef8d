namespace Qwen3.Cluster.Model.Experts;

/// <summary>An expert of a layer and the choices that ask it.</summary>
/// <param name="Expert">Its weights.</param>
/// <param name="First">The first of its choices in the list of all.</param>
/// <param name="Count">How many follow each other there; one or more.</param>
public readonly record struct ExpertGroup(ExpertWeights Expert, int First, int Count);
