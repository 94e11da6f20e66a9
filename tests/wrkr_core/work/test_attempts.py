"""The records around one step: names, back-off, results kept and found again."""

from __future__ import annotations

import threading
from hashlib import sha256
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import JSON_VALUES
from tests.worlds import Intercepted, World
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import (
    Busy,
    Conflict,
    Corrupt,
    InvalidInputError,
    ResultNotStorableError,
    StepFailedError,
)
from wrkr_core.memory import MemoryStore
from wrkr_core.results import Outcome, register_result
from wrkr_core.work.attempts import INLINE, Backoff, blob_key, input_digest, keep_blob

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.store import Store
    from wrkr_core.work.job import Job


@register_result
@attrs.frozen
class Patch:
    """A registered result."""

    path: str
    added: int


@pytest.fixture
def world() -> World:
    return World()


def finished(world: World, job_id: str) -> list[e.StepFinished]:
    return [each for each in world.events(job_id) if isinstance(each, e.StepFinished)]


def run_twice(world: World, value: object) -> tuple[object, object]:
    """Return what a step that returns ``value`` gives at first, and what its replay gives."""
    job_id = world.submit()
    with world.process().work(job_id) as job:
        first = job.step("make", lambda: value)
    with world.process().work(job_id) as job:
        again = job.step("make", pytest.fail)
    return first, again


@given(JSON_VALUES)
def test_any_json_value_is_the_same_at_once_and_after_a_replay(value: object) -> None:
    first, again = run_twice(World(), value)

    assert first == again == loads(dumps(value))


def test_a_tuple_comes_back_as_a_list_at_once(world: World) -> None:
    assert run_twice(world, ("a", ("b",))) == (["a", ["b"]], ["a", ["b"]])


def test_a_registered_type_comes_back_as_itself(world: World) -> None:
    patch = Patch("a.py", 3)

    assert run_twice(world, patch) == (patch, patch)


def test_a_recorded_type_that_is_not_registered_is_said_and_nothing_runs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = world.submit()
    with world.process().work(job_id) as job:
        job.step("make", lambda: Patch("a.py", 3))
    monkeypatch.setattr("wrkr_core.results._by_name", {})

    with pytest.raises(ResultNotStorableError, match="Patch"), world.process().work(job_id) as job:
        job.step("make", pytest.fail)


@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan"), {1: 2}, b"raw", 2**53, "\ud800"])
def test_a_result_that_cannot_be_stored_fails_the_step_without_a_retry(
    world: World, value: object
) -> None:
    job_id = world.submit()
    ran: list[int] = []

    def make() -> object:
        ran.append(1)
        return value

    with pytest.raises(StepFailedError) as caught, world.process().work(job_id) as job:
        job.step("make", make, retries=3)

    assert ran == [1]
    assert isinstance(caught.value.__cause__, ResultNotStorableError)
    assert world.state(job_id).reason_codes == ("E_ADAPTER_FAIL", "E_RESULT_NOT_STORABLE")
    failed = [each for each in world.events(job_id) if isinstance(each, e.StepFailed)]
    assert [each.code for each in failed] == ["E_RESULT_NOT_STORABLE"]


@pytest.mark.parametrize("size", [INLINE - 2, INLINE - 1, INLINE, 5 * INLINE])
def test_a_large_result_is_kept_beside_the_log_and_found_again(world: World, size: int) -> None:
    value = "x" * size

    assert run_twice(world, value) == (value, value)

    (job,) = world.operator.jobs()
    (event,) = finished(world, job.job_id)
    is_large = size + 2 > INLINE  # with its quotes
    assert (event.result_blob is not None) == is_large
    assert len(bytes(event.result)) <= INLINE


def test_two_results_with_one_content_share_one_blob(world: World) -> None:
    run_twice(world, "x" * INLINE)
    run_twice(world, "x" * INLINE)

    assert len(world.store.keys(prefix="blob/")) == 1


@pytest.mark.parametrize("is_there", [True, False])
def test_a_blob_that_is_missing_or_damaged_is_corrupt(world: World, *, is_there: bool) -> None:
    job_id = world.submit()
    with world.process().work(job_id) as job:
        job.step("make", str, "x" * INLINE)
    (key,) = world.store.keys(prefix="blob/")
    cell = world.store.get(key)
    assert cell is not None
    world.store.put(key, b"damaged" if is_there else None, cell.version)

    with (
        pytest.raises(Corrupt, match="make is missing or damaged"),
        world.process().work(job_id) as job,
    ):
        job.step("make", pytest.fail)


def test_a_blob_is_named_by_its_content() -> None:
    assert blob_key(sha256(b"x").hexdigest()).startswith("blob/2d711642b726b044")


def test_an_outcome_records_its_files_and_gives_its_value(world: World) -> None:
    job_id = world.submit()
    artifact = Artifact(path="a.py", sha256="0" * 64, size=3)

    with world.process().work(job_id) as job:
        assert job.step("make", lambda: Outcome((1, 2), (artifact,))) == [1, 2]

    assert finished(world, job_id)[0].artifacts == (artifact,)
    assert world.state(job_id).artifacts == 1


def test_more_files_than_one_record_holds_fail_the_step_and_say_so(world: World) -> None:
    job_id = world.submit()
    files = tuple(Artifact(path=f"{n:0200}", sha256="0" * 64, size=3) for n in range(4_000))

    with (
        pytest.raises(StepFailedError, match=r"step_finished/1 event of \d+ bytes cannot"),
        world.process().work(job_id) as job,
    ):
        job.step("make", lambda: Outcome(1, files), retries=3)

    assert [each.code for each in world.events(job_id) if isinstance(each, e.StepFailed)] == [
        "E_RESULT_NOT_STORABLE"
    ]
    assert world.state(job_id).open_steps == ()


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "\x00", "\u202e"])
def test_a_name_that_cannot_be_shown_is_refused(world: World, name: str) -> None:
    job_id = world.submit()

    with (
        pytest.raises(InvalidInputError, match="cannot name a step"),
        world.process().work(job_id) as job,
    ):
        job.step(name, pytest.fail)


@pytest.mark.parametrize("key", ["", "x" * 501])
def test_a_key_of_no_or_too_many_characters_is_refused(world: World, key: str) -> None:
    job_id = world.submit()

    with pytest.raises(InvalidInputError, match="1 to 500"), world.process().work(job_id) as job:
        job.step("edit", pytest.fail, key=key)


def test_steps_without_a_key_are_told_apart_by_how_often_the_name_came_up(world: World) -> None:
    job_id = world.submit()

    def program(job: Job) -> list[object]:
        return [job.step("edit", str, 1), job.step("plan", str, 2), job.step("edit", str, 3)]

    for _ in range(2):
        with world.process().work(job_id) as job:
            assert program(job) == ["1", "2", "3"]

    assert [(each.step.name, each.step.occurrence) for each in finished(world, job_id)] == [
        ("edit", 1),
        ("plan", 1),
        ("edit", 2),
    ]


class Interleaved(dict[str, int]):
    """Counts during which another thread counts too, if nobody keeps it from doing so."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self.act: Callable[[], object] | None = act
        self.thread = threading.Thread(target=act)

    def get(self, key: str, default: int = 0) -> int:  # type: ignore[override]  # only used so
        found = super().get(key, default)
        if self.act is not None:
            self.act = None
            self.thread.start()
            self.thread.join(0.05)  # it ends at once, or it waits for its turn
        return found


def test_steps_that_threads_begin_at_once_are_told_apart(world: World) -> None:
    job_id = world.submit()

    with world.process().work(job_id) as job:
        other: list[e.StepRef] = []
        counts = Interleaved(lambda: other.append(job.attempts.name("edit", None)))
        job.attempts._occurrences = counts
        mine = job.attempts.name("edit", None)
        counts.thread.join()

    assert {mine.occurrence, other[0].occurrence} == {1, 2}


def test_a_blob_that_is_there_already_is_written_again_so_that_nobody_removes_it() -> None:
    store = MemoryStore()
    keep_blob(store, "0" * 64, b"x")
    before = store.get(blob_key("0" * 64))
    keep_blob(store, "0" * 64, b"x")

    assert before is not None
    with pytest.raises(Conflict):  # what somebody who saw it unused would do
        store.put(blob_key("0" * 64), None, before.version)
    assert store.get(blob_key("0" * 64)) is not None


def test_a_blob_that_others_write_all_the_time_is_given_up_and_says_so() -> None:
    store = Intercepted(MemoryStore())

    def write(key: str) -> None:
        store.inner.put(key, b"y", version(store.inner, key))

    store.before_put = write
    with pytest.raises(Busy, match="too many at once"):
        keep_blob(store, "0" * 64, b"x")


def version(store: Store, key: str) -> int:
    cell = store.get(key)
    return cell.version if cell is not None else 0


def test_a_step_records_a_digest_of_what_it_was_given(world: World) -> None:
    job_id = world.submit()
    with world.process().work(job_id) as job:
        job.step("edit", lambda *_args, **_kwargs: None, 1, [2], word="x")
        job.step("edit", lambda _value: None, object())

    digests = [e_.input_digest for e_ in world.events(job_id) if isinstance(e_, e.StepStarted)]
    assert digests == [input_digest((1, [2]), {"word": "x"}), None]
    assert input_digest((1,), {}) != input_digest((2,), {})


@given(
    first=st.integers(0, 10**7),
    factor=st.integers(1, 10),
    longest=st.integers(0, 10**9),
    failures=st.integers(1, 10_000),
)
def test_a_back_off_never_shrinks_and_never_passes_its_longest(
    first: int, factor: int, longest: int, failures: int
) -> None:
    backoff = Backoff(first=first, factor=factor, longest=longest)

    assert 0 <= backoff.delay(failures) <= backoff.delay(failures + 1) <= longest
    assert backoff.delay(1) == min(first, longest)


def test_a_back_off_doubles_from_a_second_to_a_minute() -> None:
    assert [Backoff().delay(failures) // 1_000_000 for failures in (1, 2, 3, 6, 7, 99)] == [
        1, 2, 4, 32, 60, 60,
    ]  # fmt: skip


def test_only_a_start_that_must_never_be_silently_repeated_is_flushed_by_itself() -> None:
    world = World(MemoryStore())
    job_id = world.submit()
    store = Intercepted(world.store)

    with world.process(store).work(job_id) as job:
        store.durable.clear()
        job.step("plain", abs, -1)
        job.step("once", abs, -1, at_most_once=True)

    assert store.durable[:4] == [False, True, True, True]


def test_an_error_whose_text_is_not_valid_unicode_fails_the_step_like_any_other(
    world: World,
) -> None:
    job_id = world.submit()
    ran: list[int] = []

    def read() -> None:
        ran.append(1)
        raise ValueError("caf\udce9.txt is empty")  # a file's name as os.listdir gives it

    with pytest.raises(StepFailedError), world.process().work(job_id) as job:
        job.step("read", read, retries=1)

    assert ran == [1, 1]
    assert world.state(job_id).status == "blocked_error"
