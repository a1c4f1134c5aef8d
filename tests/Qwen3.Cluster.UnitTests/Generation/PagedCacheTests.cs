using Qwen3.Cluster.Model.Generation;

namespace Qwen3.Cluster.UnitTests.Generation;

public class PagedCacheTests
{
    [Fact]
    public void Equal_prefixes_share_pages_and_the_last_token_is_left_to_compute()
    {
        PagedCache cache = new(pageSize: 4, pageCount: 8, new PrefixCache());
        Sequence first = Filled(cache, [1, 2, 3, 4, 5, 6, 7, 8]);
        Sequence second = Sequence([1, 2, 3, 4, 5, 6, 7, 8]);

        cache.AdoptPrefix(second);

        Assert.Equal(4, second.Computed);
        Assert.Equal(first.Pages[0], second.Pages[0]);
        cache.Release(first);
        Assert.Equal(7, cache.FreePages);
        cache.Release(second);
        Assert.Equal(8, cache.FreePages);
    }

    [Fact]
    public void Sequences_that_fill_equal_pages_at_once_end_with_one_copy()
    {
        PagedCache cache = new(pageSize: 4, pageCount: 8, new PrefixCache());
        Sequence first = Filled(cache, [1, 2, 3, 4, 5]);
        Sequence second = Sequence([1, 2, 3, 4, 6]);
        Assert.True(cache.TryReserve(second));
        Assert.Equal(4, cache.FreePages);

        cache.Commit(second, 5);

        Assert.Equal(first.Pages[0], second.Pages[0]);
        Assert.NotEqual(first.Pages[1], second.Pages[1]);
        Assert.Equal(5, cache.FreePages);
    }

    [Fact]
    public void Pages_of_the_longest_unused_sequence_go_first_and_its_end_before_its_start()
    {
        PagedCache cache = new(pageSize: 2, pageCount: 4, new PrefixCache());
        cache.Release(Filled(cache, [1, 2, 3, 4]));
        cache.Release(Filled(cache, [5, 6, 7, 8]));

        // One page is needed: [3, 4] goes, [1, 2] stays.
        cache.Release(Filled(cache, [9, 9]));

        Assert.Equal(2, Adoptable(cache, [1, 2, 3, 4, 0]));
        Assert.Equal(4, Adoptable(cache, [5, 6, 7, 8, 0]));
        Assert.Equal(2, Adoptable(cache, [9, 9, 0]));
    }

    [Fact]
    public void A_limit_on_experts_and_what_came_before_are_part_of_the_content()
    {
        PagedCache cache = new(pageSize: 2, pageCount: 8, new PrefixCache());
        cache.Release(Filled(cache, [1, 2, 3, 4], expertLimit: 8));

        Assert.Equal(4, Adoptable(cache, [1, 2, 3, 4, 0], expertLimit: 8));
        Assert.Equal(0, Adoptable(cache, [1, 2, 3, 4, 0], expertLimit: 2));
        Assert.Equal(0, Adoptable(cache, [3, 4, 0], expertLimit: 8));
    }

    [Fact]
    public void A_collision_of_hashes_never_gives_anothers_content()
    {
        PagedCache cache = new(pageSize: 2, pageCount: 8, new PrefixCache(hash: _ => 7));
        cache.Release(Filled(cache, [1, 2]));

        Assert.Equal(2, Adoptable(cache, [1, 2, 3]));
        Assert.Equal(0, Adoptable(cache, [3, 4, 5]));
        Assert.Equal(0, Adoptable(cache, [1, 2, 0], expertLimit: 3));
        Sequence other = Filled(cache, [3, 4, 1, 2]);
        Assert.Equal(0, other.KnownPages);
        Assert.Equal(2, Adoptable(cache, [1, 2, 3]));
        cache.Release(other);
        Assert.Equal(8, cache.FreePages);
    }

    [Fact]
    public void Too_few_pages_give_none()
    {
        PagedCache cache = new(pageSize: 4, pageCount: 3, prefixes: null);
        Sequence first = Sequence([1, 2, 3, 4, 5]);
        Assert.True(cache.TryReserve(first));
        Sequence second = Sequence([1, 2, 3, 4, 5]);

        Assert.False(cache.TryReserve(second));

        Assert.Equal(1, cache.FreePages);
        Assert.Equal(0, second.Pages.Count);
    }

    private static int Adoptable(PagedCache cache, int[] tokens, int expertLimit = 8)
    {
        Sequence sequence = Sequence(tokens, expertLimit);
        cache.AdoptPrefix(sequence);
        int found = sequence.Computed;
        cache.Release(sequence);
        return found;
    }

    private static Sequence Filled(PagedCache cache, int[] tokens, int expertLimit = 8)
    {
        Sequence sequence = Sequence(tokens, expertLimit);
        cache.AdoptPrefix(sequence);
        Assert.True(cache.TryReserve(sequence));
        cache.Commit(sequence, sequence.Pending);
        return sequence;
    }

    private static Sequence Sequence(int[] tokens, int expertLimit = 8)
    {
        ReplyRules rules = new(TinyTokenizer.Thinking, null, new HashSet<int>(), 100, 100, TimeProvider.System);
        return new Sequence(new Reply(rules, new GenerationRequest { Id = "", Prompt = tokens }, 0), 0, (0, 0), expertLimit);
    }
}
