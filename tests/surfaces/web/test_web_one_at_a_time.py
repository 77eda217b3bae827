"""Work that takes the whole computer: one piece at a time, few waiting, nobody waiting for ever."""

from __future__ import annotations

import threading

import pytest

from copilot_tools.refusals import Refused
from expcopilot.records.verification import Verification
from expcopilot.surfaces.web.last_check import LastCheck
from expcopilot.surfaces.web.one_at_a_time import OneAtATime


def test_never_two_at_once():
    """Eight pieces of work sent at once are done one after another, all of them."""
    door, inside, most, done = OneAtATime(), 0, 0, 0
    count = threading.Lock()

    def work() -> None:
        nonlocal inside, most, done
        with door.entered():
            with count:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.01)
            with count:
                inside -= 1
                done += 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, done) == (1, 8)


def test_who_would_wait_too_long_is_told_so():
    """Whoever waits beyond the bound is refused with what to do; the door works on afterwards, after a failure too."""
    door = OneAtATime(waiting=1, seconds=0.05)
    with door.entered(), pytest.raises(Refused) as refused, door.entered():
        pass
    assert refused.value.refusals[0].code == "web.busy"
    with pytest.raises(KeyError), door.entered():
        raise KeyError
    with door.entered():
        pass


def test_no_more_wait_than_there_are_places():
    """With every place taken the next one is refused at once, without waiting."""
    door = OneAtATime(waiting=0, seconds=60)
    with door.entered(), pytest.raises(Refused), door.entered():
        pass


def test_one_verification_at_a_time():
    """A second verification while one runs is refused; the last result stays, and a failed one leaves the door open."""
    check, found = LastCheck(), Verification(entries=1, head="h", looks=0, sources=0, readouts=0)

    def meanwhile() -> Verification:
        with pytest.raises(Refused) as refused:
            check.run(lambda: found, "Grace")
        assert refused.value.refusals[0].code == "web.checking"
        return found

    check.run(meanwhile, "Ada")
    with pytest.raises(KeyError):
        check.run(lambda: {}["no"], "Grace")
    assert check.last is not None
    assert (check.last.by, check.last.found) == ("Ada", found)
    check.run(lambda: found, "Grace")
    assert check.last.by == "Grace"
