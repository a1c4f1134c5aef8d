using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Qwen3.Cluster.Cli.Evaluation.Scoring;

/// <summary>A program in Python: the reply's last block of code, right if it passes every test. It runs, as this user, on this machine.</summary>
/// <param name="tests">At least one.</param>
/// <param name="functionName">The method of the class Solution that is tested; null: a program that reads the standard input.</param>
/// <param name="runner">Runs it.</param>
public sealed partial class CodeScorer(IReadOnlyList<CodeTest> tests, string? functionName, PythonRunner runner) : IScorer
{
    // Calls the method with a line of JSON for each argument, and writes what it returns as JSON.
    private const string Caller =
        """


        import json as _json, sys as _sys
        print(_json.dumps(getattr(Solution(), "NAME")(*[_json.loads(line) for line in _sys.stdin.read().splitlines() if line.strip()]), sort_keys=True))
        """;

    private const string Imports = "import sys, math, re, heapq, bisect, itertools, functools, collections, string\nfrom typing import *\nfrom collections import *\n";

    /// <inheritdoc/>
    public async ValueTask<bool> IsRightAsync(string reply, CancellationToken cancellationToken)
    {
        if (Block().Matches(reply).LastOrDefault()?.Groups[1].Value is not { } code)
        {
            return false;
        }

        string program = functionName is null ? code : Imports + code + Caller.Replace("NAME", functionName, StringComparison.Ordinal);
        foreach (CodeTest test in tests)
        {
            if (await runner.RunAsync(program, test.Input, cancellationToken) is not { } output || !AreEqual(output, test.Output))
            {
                return false;
            }
        }

        return true;
    }

    private bool AreEqual(string output, string expected) =>
        functionName is null ? Lines(output).SequenceEqual(Lines(expected)) : AreEqualJson(Lines(output).Last(), expected);

    // What is no JSON (NaN, or a program that ended before its result) is not what was expected.
    private static bool AreEqualJson(string output, string expected)
    {
        try
        {
            return JsonNode.DeepEquals(JsonNode.Parse(output), JsonNode.Parse(expected));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Lines(string text) => text.Trim().Split('\n').Select(line => line.TrimEnd());

    [GeneratedRegex(@"```(?:python|py)?[ \t]*\r?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
