using Microsoft.Extensions.Options;
using Qwen3.Cluster.Silo.Links;

namespace Qwen3.Cluster.Silo.Hosting;

/// <summary>Checks the settings of links at start.</summary>
internal sealed class LinkOptionsValidator : IValidateOptions<LinkOptions>
{
    public ValidateOptionsResult Validate(string? name, LinkOptions options)
    {
        string[] problems = [.. options.Problems()];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
