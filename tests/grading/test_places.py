"""A place of a batch makes one slot after the other, and keeps one that has only read."""

from __future__ import annotations

import pytest

from autograder.grading.places import Place


class Counted:
    """A slot that notes when it ends."""

    def __init__(self, cores: tuple[int, ...]) -> None:
        self.cores = cores
        self.ended = 0

    def __enter__(self) -> Counted:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended += 1


@pytest.fixture
def place() -> Place[Counted]:
    return Place(Counted, (1,))


def test_a_slot_is_for_one_submission(place):
    with place.slot() as first:
        assert (first.cores, first.ended, place.reused) == ((1,), 0, False)
    with place.slot() as second:
        assert second is not first and not place.reused
    assert (first.ended, second.ended) == (1, 1)


def test_a_kept_slot_is_used_once_more(place):
    with place.slot() as first:
        place.keep()
    assert first.ended == 0
    with place.slot() as second:
        assert second is first and place.reused
    assert first.ended == 1


def test_a_slot_is_not_kept_where_something_goes_wrong(place):
    with pytest.raises(ValueError), place.slot() as slot:
        place.keep()
        raise ValueError
    assert slot.ended == 1
    with place.slot() as next_one:
        assert next_one is not slot and not place.reused


def test_what_is_kept_ends_with_the_place(place):
    with place.slot() as slot:
        place.keep()
    place.close()
    place.close()
    assert slot.ended == 1
