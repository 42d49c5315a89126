"""The garbage collector rests while models are made, and is as it was before afterwards."""

from __future__ import annotations

import gc

import pytest
from tests.rules.tiny_data import plan

from lodestone.data.tree import single
from lodestone.rules.build import build
from lodestone.system.gc_pause import at_rest


def test_off_inside_and_on_again():
    assert gc.isenabled()
    with at_rest():
        assert not gc.isenabled()
        with at_rest():
            pass
        assert not gc.isenabled(), "the inner one must leave it to the outer one"
    assert gc.isenabled()


def test_on_again_after_an_error():
    with pytest.raises(ZeroDivisionError), at_rest():
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_who_had_it_off_finds_it_off():
    gc.disable()
    try:
        build(single(plan()))
        assert not gc.isenabled()
    finally:
        gc.enable()
