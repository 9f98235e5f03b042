"""`make mutations`: changes one operator of a pure module at a time and tells which changes the unit tests find.

The sample is drawn evenly over the modules, by a seed. Each mutant is tried with the unit tests that import its
module; these are run on the unchanged code first, where they must pass. Prints what survived, and the count.
"""

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from itertools import chain, zip_longest
from typing import Final

from tests.mutations.importers import nearest_tests
from tests.mutations.modules import EQUIVALENT, EQUIVALENT_SHARE, pure_modules
from tests.mutations.operators import Mutant, mutants_of
from tests.mutations.trial import Outcome, outcome, prepare

#: Least share of the mutants in a sample that the unit tests find.
FOUND_SHARE: Final = 0.85


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def counted_mutants() -> list[list[Mutant]]:
    """The mutants of each module but those that are equivalent. Raises ValueError where that list is wrong or long."""
    unused = {(each.path, each.line, each.after) for each in EQUIVALENT}
    counted, every = [], 0
    for path in pure_modules():
        found = mutants_of(path)
        every += len(found)
        keys = {(each.path, each.line, each.after) for each in found}
        counted.append([each for each in found if (each.path, each.line, each.after) not in unused])
        unused -= keys & unused
    if unused:
        raise ValueError(f"EQUIVALENT names what is no mutant: {sorted(unused)}")
    skipped = every - sum(map(len, counted))
    if skipped > EQUIVALENT_SHARE * every:
        raise ValueError(f"{skipped} of {every} mutants are called equivalent; the limit is {EQUIVALENT_SHARE:.0%}")
    say(f"{every} mutants of {len(counted)} modules, {skipped} of them equivalent")
    return [each for each in counted if each]


def sample(by_module: list[list[Mutant]], seed: int, count: int) -> list[Mutant]:
    """`count` mutants, of each module as many as of any other where it has them."""
    draw = random.Random(seed)
    shuffled = [draw.sample(each, len(each)) for each in draw.sample(by_module, len(by_module))]
    taken = [each for each in chain.from_iterable(zip_longest(*shuffled)) if each is not None][:count]
    return sorted(taken, key=lambda each: (each.path, each.line_number))


def run(seed: int, count: int, only: str) -> int:
    """Prints the figures; 1 when the unchanged code fails its tests or fewer than FOUND_SHARE are found, else 0."""
    drawn = sample([of for of in counted_mutants() if of[0].path.startswith(only)], seed, count)
    tests = {each.module: nearest_tests(each.module) for each in drawn}
    prepare()
    began = time.monotonic()
    if (every := sorted(set(chain.from_iterable(tests.values())))) and outcome(None, every) is not Outcome.SURVIVED:
        say(f"the unchanged code fails its tests, or they take too long: {' '.join(every)}")
        return 1
    counts: dict[Outcome, int] = defaultdict(int)
    for each in drawn:
        said = outcome(each, tests[each.module])
        counts[said] += 1
        if said is not Outcome.FOUND:
            say(f"{each.path}:{each.line_number}: {said.value}\n    {each.line}\n  - {each.before}\n  + {each.after}")
    found = counts[Outcome.FOUND] + counts[Outcome.ENDLESS]
    failed = f", {counts[Outcome.ERROR]} trials failed" if counts[Outcome.ERROR] else ""
    say(f"seed {seed}: {found} of {len(drawn)} found{failed}, in {time.monotonic() - began:.0f} s")
    return exit_code(counts)


def exit_code(counts: Mapping[Outcome, int]) -> int:
    """1 when fewer than FOUND_SHARE are found. A trial that failed has found nothing."""
    found = counts[Outcome.FOUND] + counts[Outcome.ENDLESS]
    return 1 if found < FOUND_SHARE * sum(counts.values()) else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--only", default="", help="modules whose path begins so, e.g. schemas/breaker")
    arguments = parser.parse_args()
    return run(arguments.seed, arguments.count, arguments.only)


if __name__ == "__main__":
    sys.exit(main())
