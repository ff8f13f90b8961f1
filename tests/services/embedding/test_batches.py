from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.embedding.batches import pack_batches, pack_filled, pack_whole, size_of, split_budget

LENGTHS = st.lists(st.integers(min_value=1, max_value=600), max_size=200)
BUDGET = st.integers(min_value=1, max_value=4096)


@given(LENGTHS, BUDGET)
def test_every_text_is_in_exactly_one_batch(lengths: list[int], budget: int) -> None:
    packed = [index for batch in pack_batches(lengths, budget) for index in batch]
    assert sorted(packed) == list(range(len(lengths)))


@given(LENGTHS, BUDGET)
def test_a_batch_is_within_the_budget_or_a_single_text(lengths: list[int], budget: int) -> None:
    for batch in pack_batches(lengths, budget):
        assert batch
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= budget


@given(LENGTHS, BUDGET)
def test_texts_are_taken_longest_first_and_batches_are_filled(lengths: list[int], budget: int) -> None:
    batches = pack_batches(lengths, budget)
    packed = [lengths[index] for batch in batches for index in batch]
    assert packed == sorted(lengths, reverse=True)
    for batch in batches[:-1]:
        assert (len(batch) + 1) * lengths[batch[0]] > budget


def test_equal_lengths_keep_their_order() -> None:
    assert pack_batches([5, 5, 9, 5], 10) == [[2], [0, 1], [3]]


@given(LENGTHS.filter(bool), BUDGET, st.integers(min_value=1, max_value=16))
def test_few_texts_are_shared_out_and_the_budget_is_never_raised(
    lengths: list[int], budget: int, workers: int
) -> None:
    share = split_budget(lengths, budget, workers)
    assert 1 <= share <= budget
    assert share == budget or share * workers >= sum(lengths)


@given(lengths=st.lists(st.integers(1, 700), max_size=60), most=st.integers(1, 600))
def test_packed_texts_fill_batches_without_padding(lengths: list[int], most: int) -> None:
    batches = pack_whole(lengths, most)

    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or sum(lengths[index] for index in batch) <= most for batch in batches)


@given(lengths=st.lists(st.integers(1, 512), max_size=200), steps=st.integers(1, 3))
def test_packs_of_fixed_sizes_hold_each_text_once(lengths: list[int], steps: int) -> None:
    sizes = [512 // 4**step for step in range(steps)]
    packs = pack_filled(lengths, sizes)

    assert sorted(index for pack in packs for index in pack) == list(range(len(lengths)))
    assert all(size_of([lengths[index] for index in pack], sizes) for pack in packs)


def test_packs_of_usual_chunks_are_full() -> None:
    """Lengths as in chunks of 1,000 characters of code and prose, 243 tokens on average."""
    random = Random(11)
    sizes = [32_768, 4096, 512]
    for count, empty in ((6000, 0.01), (480, 0.03), (60, 0.15)):
        lengths = [max(1, min(500, round(random.gauss(243, 80)))) for _ in range(count)]
        packs = pack_filled(lengths, sizes)
        taken = sum(size_of([lengths[index] for index in pack], sizes) or 0 for pack in packs)
        assert 1 - sum(lengths) / taken <= empty


def test_a_query_takes_a_small_pack() -> None:
    assert pack_filled([12], [32_768, 4096, 512]) == [[0]]
    assert size_of([12], [32_768, 4096, 512]) == 512
