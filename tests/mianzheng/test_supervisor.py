"""A wish to stop is heard, even when Python drops what the signal's handler raised."""

import os
import signal

import pytest

from mianzheng.supervisor import Stopped, stoppable


def test_ctrl_c_ends_the_block() -> None:
    with stoppable(), pytest.raises(Stopped):
        os.kill(os.getpid(), signal.SIGINT)


def test_a_wish_that_got_lost_is_heard_when_one_looks() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stoppable() as wish:
        with pytest.raises(Stopped):
            wish.ask()
        signal.raise_signal(signal.SIGINT)  # a second one is ignored while everything is being stopped
        with pytest.raises(Stopped):
            wish.look()
    assert signal.getsignal(signal.SIGTERM) == before
