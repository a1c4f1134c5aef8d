using Qwen3.Cluster.Cli;
using Qwen3.Cluster.Cli.Evaluation.Questions;
using Qwen3.Cluster.Cli.Evaluation.Scoring;

namespace Qwen3.Cluster.IntegrationTests.Cli.Evaluation.Questions;

public sealed class QuestionFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("qwen3-questions-").FullName, "own.jsonl");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Fact]
    public void TheSetThatComesAlongIsReadWhole()
    {
        QuestionFile file = QuestionFile.Read(QuestionFile.Embedded, null, null);
        Assert.NotEmpty(file.Questions);
        Assert.All(file.Questions, question => Assert.Contains(question.Group, (string[])["easy", "hard"]));
    }

    [Fact]
    public async Task ATaskIsAskedAsItStands()
    {
        EvalQuestion question = Read("""{"id": "sum-1", "task": "sum", "difficulty": "hard", "language": "en", "question": "47 + 38?", "answer": "85"}""");
        Assert.Equal(("own/sum-1", "hard", "sum", "47 + 38?"), (question.Id, question.Group, question.Task, question.Prompt));
        Assert.True(await question.Scorer.IsRightAsync("It is 85.", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""{"problem": "How many?", "answer": 33}""")]
    [InlineData("""{"question": "How many?", "answer": "033", "subject": "Counting"}""")]
    public async Task AProblemIsAskedWithTheWordsThatQwenRecommends(string line)
    {
        EvalQuestion question = Read(line);
        Assert.Equal("How many?\n\nPlease reason step by step, and put your final answer within \\boxed{}.", question.Prompt);
        Assert.Equal(("own/line 1", "own"), (question.Id, question.Group));
        Assert.True(await question.Scorer.IsRightAsync(@"\boxed{33}", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""{"question": "Which?", "choices": ["one", "two", "three"], "answer": 1}""")]
    [InlineData("""{"question": "Which?", "options": ["one", "two", "three"], "answer": "B", "category": "Numbers"}""")]
    public async Task ChoicesHaveLetters(string line)
    {
        EvalQuestion question = Read(line);
        Assert.StartsWith("Which?\n\nA. one\nB. two\nC. three\n\nPlease show your choice in the `answer` field", question.Prompt);
        Assert.True(await question.Scorer.IsRightAsync("\"answer\": \"B\"", TestContext.Current.CancellationToken));
    }

    [Fact]
    public void AProgramIsReadOnlyIfItMayRun()
    {
        const string Line = """{"question_content": "Add.", "public_test_cases": "[{\"input\": \"1 2\", \"output\": \"3\", \"testtype\": \"stdin\"}]", "starter_code": "", "metadata": "{}"}""";
        EvalQuestion question = Read(Line, new PythonRunner(TimeSpan.FromSeconds(1)));
        Assert.StartsWith("### Question:\nAdd.\n\n### Format: Read the inputs from stdin", question.Prompt);
        Assert.Contains("own.jsonl, line 1 asks for a program", Assert.Throws<UsageException>(() => Read(Line)).Message);
    }

    [Theory]
    [InlineData("line 1 is no JSON: ", "{")]
    [InlineData("line 1 is no JSON object.", "[]")]
    [InlineData("line 1 is no question that is known", "{}")]
    [InlineData("line 1 has the difficulty middling: it must be easy or hard.", """{"task": "sum", "difficulty": "middling", "question": "1?", "answer": "1"}""")]
    [InlineData("line 1 has no text in answer.", """{"task": "sum", "difficulty": "easy", "question": "1?", "answer": ""}""")]
    [InlineData("line 1 has the answer E: it must be 0 to 1 or A to B.", """{"question": "1?", "choices": ["a", "b"], "answer": "E"}""")]
    [InlineData("line 1 has choices that are no list of 2 to 26.", """{"question": "1?", "choices": ["a"], "answer": "A"}""")]
    [InlineData("line 3 has the id own/a, which is there already.", "{\"id\": \"a\", \"problem\": \"1?\", \"answer\": \"1\"}\n\n{\"id\": \"a\", \"problem\": \"2?\", \"answer\": \"2\"}")]
    public void WhatIsWrongIsNamedByFileAndLine(string problem, string text)
    {
        string message = Assert.Throws<UsageException>(() => Read(text)).Message;
        Assert.StartsWith($"{_path}, {problem}", message);
    }

    [Fact]
    public void NoFileAndNoQuestionsAreErrors()
    {
        Assert.Contains("has no questions", Assert.Throws<UsageException>(() => Read("\n")).Message);
        Assert.Contains("there is no file /no/such", Assert.Throws<UsageException>(() => QuestionFile.Read("/no/such", null, null)).Message);
    }

    [Fact]
    public void ALimitIsSpreadOverTheFile()
    {
        File.WriteAllLines(_path, Enumerable.Range(0, 10).Select(i => $$"""{"id": "{{i}}", "problem": "{{i}}?", "answer": "1"}"""));
        Assert.Equal(["own/0", "own/3", "own/6"], QuestionFile.Read(_path, 3, null).Questions.Select(question => question.Id));
        Assert.Equal(10, QuestionFile.Read(_path, 11, null).Questions.Count);
    }

    private EvalQuestion Read(string text, PythonRunner? runner = null)
    {
        File.WriteAllText(_path, text);
        return QuestionFile.Read(_path, null, runner).Questions[0];
    }
}
