using Qwen3.Cluster.Model.Tokenizer;
using Qwen3.Cluster.Trainer.Tokenizer;
using Qwen3.Cluster.Trainer.Training;

namespace Qwen3.Cluster.IntegrationTests.Trainer.Tokenizer;

public class BytePairTrainerTests
{
    [Fact]
    public void MergesTheMostFrequentPairFirst()
    {
        // "low" three times, "lower" twice, with their blanks: l o is in five words, as is o w; of equals the first in order wins.
        BytePairVocabulary vocabulary = BytePairTrainer.Train(["low low low lower lower"], 256 + 5);
        Assert.Equal([("l", "o"), ("lo", "w"), ("Ġ", "low"), ("e", "r"), ("Ġlow", "er")], vocabulary.Merges);
        Assert.Equal(["lo", "low", "Ġlow", "er", "Ġlower"], vocabulary.Tokens.Skip(256));
    }

    [Fact]
    public void NeverMergesDigits()
    {
        BytePairVocabulary vocabulary = BytePairTrainer.Train(["12 12 12 12 ab"], 257);
        Assert.Equal([("a", "b")], vocabulary.Merges.Where(merge => merge.Left != "Ġ"));
    }

    // Words in capitals are operands: each of their letters is a token, wherever it stands.
    [Fact]
    public void NeverMergesTheLettersOfWordsToSpell()
    {
        BytePairVocabulary vocabulary = BytePairTrainer.Train(VocabularyText.Generate(3, Curriculum.Embedded.Vocabulary), 974);
        Assert.DoesNotContain(vocabulary.Tokens, token => token.Count(char.IsAsciiLetterUpper) > 1);
        Assert.DoesNotContain(vocabulary.Tokens, token => token[0] is ':' or '=' or '|' && char.IsAsciiLetterUpper(token[^1]));
    }

    [Fact]
    public void RefusesMoreTokensThanTheTextGives()
    {
        ArgumentException tooFew = Assert.Throws<ArgumentException>(() => BytePairTrainer.Train(["ab"], 300));
        Assert.Contains("257 tokens", tooFew.Message);
    }

    [Fact]
    public void TheSameSeedGivesTheSameFiles()
    {
        string[] directories = [SmallTraining.MakeDirectory(), SmallTraining.MakeDirectory()];
        foreach (string directory in directories)
        {
            TokenizerWriter.Write(
                directory,
                BytePairTrainer.Train(VocabularyText.Generate(3, Curriculum.Embedded.Vocabulary), 974),
                maxPositions: 4096);
        }

        foreach (string file in (string[])["tokenizer.json", "tokenizer_config.json"])
        {
            Assert.Equal(File.ReadAllText(Path.Combine(directories[0], file)), File.ReadAllText(Path.Combine(directories[1], file)));
        }

        Qwen3Tokenizer tokenizer = Qwen3Tokenizer.Load(directories[0]);
        Assert.Equal(1000, tokenizer.VocabularySize);
        Assert.Equal(new SpecialTokens(EndOfText: 974, ImStart: 975, ImEnd: 976, ThinkStart: 998, ThinkEnd: 999, ToolCallStart: 988, ToolCallEnd: 989), tokenizer.SpecialTokens);
        const string Text = "<|im_start|>user\nWhat is 47 + 38? 等于多少 😀<|im_end|>";
        Assert.Equal(Text, tokenizer.Decode(tokenizer.Encode(Text, cancellationToken: TestContext.Current.CancellationToken)));
        Assert.Equal(ChatTemplateVariant.July2025, ChatTemplate.Load(directories[0]).Variant);
    }
}
