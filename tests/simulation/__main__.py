"""Simulated days until so many steps are done:  python -m tests.simulation [--steps N] [--seed FIRST] [--weather NAME]

A day that shows a fault prints its seed, and `--seed THAT --days 1` shows it again. Ends with 1 if there was one.
"""

import argparse
import itertools
import sys

from tests.simulation.test_simulation import WEATHERS
from tests.simulation.world import simulate


def main() -> int:
    """Simulate and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--days", type=int, default=0, help="at most; 0: until the steps are done")
    parser.add_argument("--weather", choices=list(WEATHERS))
    wanted = parser.parse_args()
    steps = days = failed = 0
    ends: dict[str, int] = {}
    for seed in itertools.count(wanted.seed):
        if steps >= wanted.steps or (wanted.days and days >= wanted.days):
            break
        name = wanted.weather or list(WEATHERS)[seed % len(WEATHERS)]
        outcome = simulate(seed, WEATHERS[name], boxes=1 + seed % 3)
        steps, days = steps + outcome.steps, days + 1
        for end, count in outcome.ends.items():
            ends[end] = ends.get(end, 0) + count
        if outcome.faults:
            failed += 1
            print(f"seed {seed}, weather {name}: {'; '.join(sorted(set(outcome.faults)))}", flush=True)
    print(f"{steps} steps, {days} days, {failed} with a fault; texts ended so: {dict(sorted(ends.items()))}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
