"""RFC 6455, case by case."""

import pytest

from tests.conformance.kosoku_run import COMPRESSION, LARGE, run


@pytest.mark.timeout(60)
async def test_our_connections_are_no_worse_than_the_websockets_package() -> None:
    excluded = (*COMPRESSION, *LARGE)
    plain, ours = await run("plain", excluded), await run("ours", excluded)
    assert ours.cases == plain.cases == 247
    assert ours.failed <= plain.failed
    assert len(ours.failed) <= 1
