using System.Text.Json;
using Qwen3.Cluster.Model.Tokenizer;

namespace Qwen3.Cluster.UnitTests.Tokenizer;

public class PythonJsonTests
{
    [Theory]
    [InlineData("{\"b\":1,\"a\":[true,false,null]}", "{\"b\": 1, \"a\": [true, false, null]}")]
    [InlineData(" { } ", "{}")]
    [InlineData("[[],{}]", "[[], {}]")]
    [InlineData("\"\\u5317京 / <&> \\u007f\"", "\"北京 / <&> \u007f\"")]
    [InlineData("\"\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001F\"", "\"\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001f\"")]
    [InlineData("[-0.50, 1e9]", "[-0.50, 1e9]")]
    public void Reformat_WritesAsPythonDoes(string json, string expected)
    {
        Assert.Equal(expected, PythonJson.Reformat(json));
    }

    [Theory]
    [InlineData("{\"a\"")]
    [InlineData("{\"a\": \"\\ud800\"}")]
    [InlineData("{\"\\udc00\": 1}")]
    public void Reformat_NoJson_Throws(string json) => Assert.ThrowsAny<JsonException>(() => PythonJson.Reformat(json));
}
