using System.Text.Json;
using Qwen3.Cluster.Trainer.Data.Problems;
using Qwen3.Cluster.Trainer.Evaluation;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Evaluation;

public class QuestionSetTests
{
    [Fact]
    public void HasSoManyOfEachTaskDifficultyAndLanguage()
    {
        ExamQuestion[] questions = [.. QuestionSet.Draw(seed: 1, count: 3)];
        Assert.Equal(ProblemKinds.All.Sum(kind => kind.Examined.Count) * 4 * 3, questions.Length);
        Assert.All(questions.GroupBy(question => (question.Task, question.Difficulty, question.Language)), group => Assert.Equal(3, group.Count()));
        Assert.Equal(questions.Length, questions.Select(question => question.Id).Distinct().Count());
        Assert.Equal(questions, QuestionSet.Draw(seed: 1, count: 3));
        Assert.NotEqual(questions, QuestionSet.Draw(seed: 2, count: 3));
    }

    [Fact]
    public void ALineHasTheSixFields()
    {
        ExamQuestion question = new("sum-easy-zh-1", "sum", "easy", "zh", "26 + 75等于多少？", "101");
        string line = QuestionSet.ToJson(question);
        Assert.Equal("""{"id":"sum-easy-zh-1","task":"sum","difficulty":"easy","language":"zh","question":"26 + 75等于多少？","answer":"101"}""", line);
        Assert.Equal(question, JsonSerializer.Deserialize<ExamQuestion>(line));
    }

    [Theory]
    [InlineData("85", true)]
    [InlineData(" 85.\n", true)]
    [InlineData("85。", true)]
    [InlineData("185", false)]
    [InlineData("8", false)]
    [InlineData("", false)]
    public void AReplyIsRightByItsValue(string reply, bool isRight) =>
        Assert.Equal(isRight, new ExamQuestion("1", "sum", "easy", "en", "47 + 38", "85").IsRight(reply));
}
