"""The commit watermark: no offset passes unwritten work."""

from types import SimpleNamespace

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from agents.kafka.record_batch import RecordBatch
from agents.kafka.watermark import Watermark

A, B = TP("t", 0), TP("t", 1)


def batch(tp: TP, generation: int, *offsets: int) -> RecordBatch:
    return RecordBatch(tp, generation, [SimpleNamespace(offset=each) for each in offsets], 0, offsets[-1] + 1)


def test_nothing_is_committable_before_it_is_stored() -> None:
    assert Watermark().committable({}) == {}


def test_what_is_stored_is_committable_up_to_its_end_per_partition() -> None:
    watermark = Watermark()
    watermark.move(batch(A, 0, 3, 4, 9))
    watermark.move(batch(B, 0, 7))
    assert watermark.committable({A: None, B: 8}) == {A: 10}


def test_a_batch_that_outlived_its_assignment_moves_nothing() -> None:
    watermark = Watermark()
    old = batch(A, watermark.generation, 0, 1)
    watermark.new_generation([A])
    assert not watermark.move(old)
    assert watermark.committable({}) == {}


def test_a_revoked_partition_is_forgotten_and_the_others_are_kept() -> None:
    watermark = Watermark()
    watermark.move(batch(A, 0, 0))
    watermark.move(batch(B, 0, 0))
    watermark.new_generation([A])
    assert watermark.committable({}) == {B: 1}


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(1, 5), st.booleans()), max_size=30))
def test_it_never_passes_a_batch_that_is_not_done(steps: list[tuple[TP, int, bool]]) -> None:
    """Deliver batches; those that are done in order move the watermark; the first that is not stops its partition."""
    watermark, delivered, done, stuck = Watermark(), {A: 0, B: 0}, {A: 0, B: 0}, set()
    for tp, size, is_done in steps:
        first = delivered[tp]
        delivered[tp] += size
        if not is_done:
            stuck.add(tp)
        if tp not in stuck:
            watermark.move(batch(tp, 0, *range(first, delivered[tp])))
            done[tp] = delivered[tp]
    assert watermark.stored() == {tp: offset for tp, offset in done.items() if offset}
