"""The clock for code in this process."""

from __future__ import annotations

import time

import pytest

from autograder.grading.clock import Alarm


def endless(computing: bool) -> None:
    while True:
        if not computing:
            time.sleep(0.01)


@pytest.mark.parametrize("computing", [False, True])
def test_an_endless_loop_is_interrupted(computing: bool) -> None:
    with pytest.raises(KeyboardInterrupt), Alarm(0.2, computing=computing) as alarm:
        endless(computing=True)
    assert alarm.rang


def test_where_cpu_seconds_count_waiting_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Alarm(0.2, computing=True) as alarm:
        time.sleep(0.6)
    assert not alarm.rang
    monkeypatch.setattr("autograder.grading.clock.PATIENCE", 2.0)
    with pytest.raises(KeyboardInterrupt), Alarm(0.2, computing=True):
        endless(computing=False)
