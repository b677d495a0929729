"""A pytest plug-in for CI: a skipped test is a failed test. Use: `pytest -p tests.support.no_skips`."""

from collections.abc import Generator

import pytest


def pytest_configure(config: pytest.Config) -> None:
    # A module that skips itself counts as an error of collection; that must not end the run.
    config.option.continue_on_collection_errors = True


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fail_if_skipped(report)
    return report


def fail_if_skipped(report: pytest.CollectReport | pytest.TestReport) -> None:
    """Turn a skip into a failure that gives the skip's reason. An expected failure (xfail) stays what it is."""
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longreprtext}"
