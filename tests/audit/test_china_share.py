"""What a cap is measured by, as the audit recomputes it."""

from __future__ import annotations

import pytest

from model.audit.books import read_books
from model.audit.china_share import cap_bases
from tests.audit.tiny_plan import (
    plan_document,
)
from tests.audit.tiny_workbook import workbook


def test_shares_add_up_regions_and_leave_out_what_is_not_delivered() -> None:
    data = workbook()

    bases = cap_bases(data, read_books(data, plan_document()))

    assert bases["all", "oxide", 2032, "deliveries"].consumption == pytest.approx(
        55
    )  # not the 4 t sold, nor the 5 avoided
    assert bases["all", "ore", 2032, "intake"].consumption == pytest.approx(80)
    assert ("ban", "oxide", 2032, "intake") not in bases
