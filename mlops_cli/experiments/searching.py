"""The search for the commit that made a metric fall: recorded values first, then runs of what is missing, half by half."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import StageError
from mlops_cli.experiments.found import Found, Guilt, Point, Terms
from mlops_cli.experiments.known_values import Value, known_values
from mlops_cli.git.commit_path import CommitFacts, fork_of, path_between, read_commit
from mlops_cli.history.bisect import (
    Answer,
    Scale,
    Step,
    differ,
    enough,
    next_step,
    questions_left,
    scatter_of,
    side_of,
)
from mlops_cli.history.tree_recipe import recipe_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.experiments.measuring import Measuring
    from mlops_cli.git.command import Git
    from mlops_cli.history.index.history import History
    from mlops_cli.history.recipes import Recipes
    from mlops_cli.history.tree_recipe import Recipe
    from mlops_cli.store.digest import Digest


class Search:
    """One search.

    Parameters
    ----------
    tell : callable
        Told in a line what is looked at.
    """

    def __init__(
        self,
        git: Git,
        history: History,
        recipes: Recipes,
        measuring: Measuring,
        terms: Terms,
        prefix: str,
        tell: Callable[[str], None],
    ) -> None:
        self._git = git
        self._history = history
        self._recipes = recipes
        self._measuring = measuring
        self._terms = terms
        self._prefix = prefix
        self._tell = tell
        self._values: dict[Digest, list[Value]] = {}
        self._trouble: dict[Digest, str] = {}
        self._asked: set[str] = set()

    def run(self, good: str, bad: str) -> Found:
        """Search between two commits, the first of them in the history of the second.

        Raises
        ------
        HistoryError
            When no way leads from one to the other.
        """
        path = self._path(good, bad)
        found = Found("found", commits=len(path.commits) - 1, apart=len(path.starts) - 1)
        if found.apart == 0:
            found.outcome = "same"
            return found
        if not self._weigh(found, path):
            self._note_points(found, path)
            return found
        assert found.scale is not None, "the ends were weighed"  # noqa: S101 - tells the type checker
        step = self._narrow(path, found.scale)
        self._note_points(found, path)
        self._conclude(found, path, step)
        return found

    # The path -------------------------------------------------------------------------------------------------------

    def _path(self, good: str, bad: str) -> _Path:
        commits = path_between(self._git, good, bad)
        recipes = self._recipes.of([commit.tree for commit in commits])
        # Neighbours with the same recipe cannot differ: each such row of commits is one position, known by its first.
        starts = [0] + [at for at in range(1, len(commits)) if recipes[at].digest != recipes[at - 1].digest]
        trees = {commit.id: commit.tree for commit in commits}
        terms = self._terms
        known = known_values(
            self._history, self._recipes, terms.metric, terms.targets, trees, self._measuring.present
        )
        for digest, values in known.items():
            have = self._values.setdefault(digest, [])
            have += [value for value in values if value not in have]
        return _Path(commits, recipes, starts)

    # The ends -------------------------------------------------------------------------------------------------------

    def _weigh(self, found: Found, path: _Path) -> bool:
        """Find out what is good and what is bad; return whether there is anything to search for."""
        terms, last = self._terms, len(path.starts) - 1
        trusted = terms.threshold is not None and terms.direction is not None
        for at in (0, last):
            if not (trusted and not self._of(path, at)):
                self._fill(path, at, None)
        good, bad = self._of(path, 0), self._of(path, last)
        if not (good and bad) and not trusted:
            return self._ends_unknown(found, path, bool(good), bool(bad))
        found.scatter = self._scatter()
        up = terms.direction == "up"
        first = fmean(value.value for value in good) if good else float("inf" if up else "-inf")
        second = fmean(value.value for value in bad) if bad else float("-inf" if up else "inf")
        threshold = terms.threshold if terms.threshold is not None else (first + second) / 2
        found.scale = Scale(first, second, threshold)
        fell = first > second if up else first < second
        if first == second or (terms.direction is not None and not fell):
            found.outcome = "not-fallen"
            return False
        if good and bad and not differ([v.value for v in good], [v.value for v in bad], found.scatter):
            found.outcome = "noise"
            return False
        if found.scale.is_bad(first) or not found.scale.is_bad(second):
            found.outcome = "not-fallen"
            found.notes.append(f"the threshold {threshold:g} does not lie between both ends")
            return False
        return True

    def _ends_unknown(self, found: Found, path: _Path, good: bool, bad: bool) -> bool:
        found.outcome = "planned" if self._terms.dry else "unfinished"
        found.left = (not good) + (not bad) + questions_left(next_step(len(path.starts), {}))
        for at, known in ((0, good), (len(path.starts) - 1, bad)):
            trouble = self._trouble.get(path.recipe(at).digest)
            if not known and trouble:
                raise StageError(
                    f"{path.commit(at).id[:12]} gives no {self._terms.metric}: {trouble}",
                    hint="Choose another commit to start from, or say where bad begins with --threshold.",
                )
        return False

    def _of(self, path: _Path, at: int) -> list[Value]:
        return self._values.get(path.recipe(at).digest, [])

    def _scatter(self) -> float | None:
        return scatter_of([value.value for value in values] for values in self._values.values())

    # Between --------------------------------------------------------------------------------------------------------

    def _narrow(self, path: _Path, scale: Scale) -> Step:
        count = len(path.starts)
        answers: dict[int, Answer] = {}
        for at in range(1, count - 1):
            if enough([v.value for v in self._of(path, at)], scale, self._scatter(), self._terms.repeats):
                answers[at] = self._answer(path, at, scale)
        while (step := next_step(count, answers)).ask is not None:
            at = step.ask
            if not self._fill(path, at, scale):
                break  # nothing more may be run
            answers[at] = self._answer(path, at, scale)
        return step

    def _answer(self, path: _Path, at: int, scale: Scale) -> Answer:
        values = [value.value for value in self._of(path, at)]
        if not values:
            return "skip"
        side = side_of(values, scale, self._scatter())
        if side == "unclear":
            self._trouble[path.recipe(at).digest] = "its values scatter around the threshold"
            return "skip"
        return side

    def _fill(self, path: _Path, at: int, scale: Scale | None) -> bool:
        """Have as many values of a position as its side needs, or know why there are none; return whether that was allowed."""
        recipe, commit = path.recipe(at), path.commit(at)
        values = self._values.setdefault(recipe.digest, [])
        self._asked.add(commit.id)
        while not self._sure(values, scale):
            if self._terms.dry or self._measuring.exhausted:
                return False
            self._tell(f"looking at {commit.id[:12]} {commit.subject}")
            measured = self._measuring.measure(commit.tree, commit.id, recipe, again=bool(values))
            if measured.value is None:
                self._trouble[recipe.digest] = measured.trouble
                return True
            values.append(Value(measured.value, measured.run))
        return True

    def _sure(self, values: Sequence[Value], scale: Scale | None) -> bool:
        numbers = [value.value for value in values]
        if scale is None:
            return len(numbers) >= self._terms.repeats
        return enough(numbers, scale, self._scatter(), self._terms.repeats)

    # The end --------------------------------------------------------------------------------------------------------

    def _conclude(self, found: Found, path: _Path, step: Step) -> None:
        found.scatter = self._scatter()
        for at in step.again:
            found.notes.append(f"it was bad at {path.commit(at).id[:12]}, too, and good again afterwards")
        found.suspects = [path.commit(at) for at in step.suspects]
        if step.ask is not None:
            found.outcome = "planned" if self._terms.dry else "unfinished"
            found.left = questions_left(step)
            return
        if len(step.suspects) > 1:
            found.outcome = "suspects"
            return
        inner = self._inside_merge(found, path, step.bad)
        if inner is not None:
            return
        old, new = path.recipe(step.bad - 1), path.recipe(step.bad)
        found.guilty = Guilt(
            path.commit(step.bad),
            self._mean(old),
            self._mean(new),
            recipe_changes(old, new, self._prefix),
        )
        found.suspects = []

    def _mean(self, recipe: Recipe) -> float | None:
        values = self._values.get(recipe.digest)
        return fmean(value.value for value in values) if values else None

    def _inside_merge(self, found: Found, path: _Path, at: int) -> Found | None:
        """Search what a guilty merge brought; None where the merge itself is guilty, or that cannot be told."""
        merge, before = path.commit(at), path.before(at)
        for side in merge.parents:
            if side == before.id:
                continue
            fork = fork_of(self._git, before.id, side)
            if fork is None:
                found.notes.append(
                    f"what merge {merge.id[:12]} brought has no beginning in this clone, so it was not looked into"
                )
            if fork is None or fork == side:
                continue
            branch = self._path(fork, side)
            last = len(branch.starts) - 1
            assert found.scale is not None, "the ends were weighed"  # noqa: S101 - tells the type checker
            if not all(self._fill(branch, end, found.scale) for end in (0, last)):
                found.outcome, found.left = ("planned" if self._terms.dry else "unfinished"), last + 1
                return found
            if [self._answer(branch, end, found.scale) for end in (0, last)] != ["good", "bad"]:
                continue
            found.notes.append(f"merge {merge.id[:12]} brought it: {merge.subject}")
            step = self._narrow(branch, found.scale)
            self._note_points(found, branch)
            self._conclude(found, branch, step)
            return found
        return None

    def _note_points(self, found: Found, path: _Path) -> None:
        seen = {point.commit.id for point in found.points}
        ends = {0: "good", len(path.starts) - 1: "bad"} if not found.points else {}
        for at in range(len(path.starts)):
            commit, digest = path.commit(at), path.recipe(at).digest
            values, trouble = self._values.get(digest), self._trouble.get(digest, "")
            if commit.id in seen or not (values or (trouble and commit.id in self._asked)):
                continue
            answer: Answer | None = "skip" if trouble else None
            if values and found.scale is not None and found.outcome not in ("not-fallen", "noise"):
                answer = self._answer(path, at, found.scale)
            if values and at in ends:
                answer = "good" if ends[at] == "good" else "bad"
            found.points.append(Point(commit, tuple(values or ()), answer, trouble))


class _Path(NamedTuple):
    """Commits with their recipes, and where each row of the same recipe begins."""

    commits: list[CommitFacts]
    recipes: list[Recipe]
    starts: list[int]

    def commit(self, at: int) -> CommitFacts:
        """Return the commit that a position is known by; of the first position its last, which is where the path begins."""
        return self.commits[self.starts[at]]

    def recipe(self, at: int) -> Recipe:
        """Return the recipe of a position."""
        return self.recipes[self.starts[at]]

    def before(self, at: int) -> CommitFacts:
        """Return the commit right before a position."""
        return self.commits[self.starts[at] - 1]


def ends_of(git: Git, good: str, bad: str) -> tuple[str, str, str]:
    """Return the commits to search between, and a note: where the histories have parted, from there on.

    Parameters
    ----------
    good, bad : str
        Ids of commits.
    """
    fork = fork_of(git, good, bad)
    if fork is None or fork == good:
        return good, bad, ""
    if fork == bad:
        return good, bad, "backwards"
    start = read_commit(git, fork)
    return (
        fork,
        bad,
        f"{good[:12]} is not in the history of {bad[:12]}: searching from {start.id[:12]}, where they part",
    )
