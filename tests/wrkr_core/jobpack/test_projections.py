"""Projections are a function of the log, made as it goes by."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stories import BLOB, Story, contents_of, packed, submitted, whole_story
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.canonical import MAX_DEPTH, digest_bytes, dumps, is_canonical
from wrkr_core.errors import VerifyHistoryError
from wrkr_core.jobpack.projections import SHORTEST_ROW, Projections, Room
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from wrkr_core.job.state import JobState

WHOLE = whole_story()


def state_of(story: Story) -> JobState:
    assert story.log.state is not None
    return story.log.state


def projected(story: Story) -> dict[str, bytes]:
    checkpoints, approvals = bytearray(), bytearray()
    found = Projections(story.job_id, checkpoints=checkpoints.extend, approvals=approvals.extend)
    for recorded in story.log.records():
        found.take_in(recorded)
    return {
        **found.documents(state_of(story)),
        "checkpoints.jsonl": bytes(checkpoints),
        "approvals.jsonl": bytes(approvals),
    }


def test_what_is_projected_is_what_a_pack_holds() -> None:
    pack = contents_of(packed(WHOLE))

    found = projected(WHOLE)

    assert found == {name: pack[name] for name in found}
    assert found.keys() == pack.keys() - {"events.jsonl", "manifest.json"} - {
        f"blobs/{digest_bytes(BLOB)}"
    }


def test_answers_and_blobs_are_counted_as_they_go_by() -> None:
    found = Projections("port-utils", checkpoints=len, approvals=len)
    for recorded in WHOLE.log.records():
        found.take_in(recorded)

    assert (found.approvals_given, found.approvals_refused) == (1, 1)
    assert found.blobs == {digest_bytes(BLOB)}


@given(
    st.recursive(
        st.none() | st.text(st.characters(codec="utf-8")) | st.floats(0.001, 0.999),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner)
        ),
        max_leaves=8,
    )
)
def test_a_checkpoint_with_any_data_is_projected_canonically(data: object) -> None:
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")))
    story.tell(story.checkpoint("plan", "first this", data=msgspec.Raw(dumps(data))))

    (line, end) = projected(story)["checkpoints.jsonl"].split(b"\n")

    assert is_canonical(line)
    assert end == b""


def test_data_nested_as_deeply_as_allowed_is_projected() -> None:
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")))
    story.tell(story.checkpoint("plan", "first this", data=msgspec.Raw(deepest)))

    assert b'"data":' + deepest in projected(story)["checkpoints.jsonl"]


@pytest.mark.parametrize(
    ("room", "said"),
    [
        (Room(blobs=0, paths=9), "more blobs than the jobpack holds"),
        (Room(blobs=1, paths=1), r"more files than artifacts_manifest\.json can name"),
    ],
)
def test_a_log_that_speaks_of_more_than_there_is_room_for_is_left_at_once(
    room: Room, said: str
) -> None:
    found = Projections("port-utils", checkpoints=len, approvals=len, room=room)

    with pytest.raises(VerifyHistoryError, match=said):
        deque(map(found.take_in, WHOLE.log.records()), maxlen=0)


def test_no_path_takes_less_than_it_is_reckoned_with() -> None:
    shortest = Artifact(path="a", sha256="0" * 64, size=0, redacted=True)
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils")))
    before = len(projected(story)["artifacts_manifest.json"])

    story.tell(e.ArtifactRecorded(artifact=shortest))

    assert len(projected(story)["artifacts_manifest.json"]) - before > SHORTEST_ROW
