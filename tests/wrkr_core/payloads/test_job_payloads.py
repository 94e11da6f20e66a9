"""Sealing what becomes a record and opening what is read, for one job in one store."""

from __future__ import annotations

import io
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import wrkr_core as wrkr
from tests.fakes import FakeMachine
from tests.sealed_jobs import CANARY, JOB, ledger_on, said, spec, work
from tests.signers import ANN, signature_of
from tests.strategies import EVENTS, KNOWN_EVENTS, TEXTS
from tests.worlds import Intercepted
from wrkr_core import events as e
from wrkr_core.errors import (
    Corrupt,
    InvalidInputError,
    MoveNotAllowedError,
    PayloadsSealedError,
    Unknown,
)
from wrkr_core.job.fold import fold_all
from wrkr_core.job_log import JobLog
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.memory import MemoryStore
from wrkr_core.payloads.cipher import Cipher
from wrkr_core.payloads.job_payloads import JobPayloads, hidden_event
from wrkr_core.payloads.key import find_key, key_name
from wrkr_core.payloads.places import CONTENT, content_of
from wrkr_core.record import open_lines
from wrkr_core.sealed_text import is_sealed, read_sealed
from wrkr_core.signing.claims import ApprovalClaim
from wrkr_run.known_secrets import KnownSecrets

CONTENTFUL = st.one_of(
    *(EVENTS[cls] for cls, places in CONTENT.items() if places and cls is not e.JobSubmitted)
)


def sealing(standing: Any = "sealed", *, opens: bool = True) -> JobPayloads:  # noqa: ANN401
    store = MemoryStore()
    store.put(key_name("j-1"), b"k" * 32, 0)
    return JobPayloads(store, FakeMachine(), "j-1", lambda: standing, opens=opens)


def recorded(event: e.Event, record_id: str = "a.1") -> e.RecordedEvent:
    return e.RecordedEvent(seq=7, at=1, by="ann", id=record_id, hash="0" * 64, event=event)


def without_signature(event: Any) -> Any:  # noqa: ANN401  # an event; a signature is over one answer
    if isinstance(event, e.ApprovalGiven | e.ApprovalRefused):
        return replace(event, signature=e.NULL)
    return event


@given(KNOWN_EVENTS.filter(lambda event: not isinstance(event, e.JobSubmitted)))
def test_what_is_sealed_opens_to_what_it_was(event: Any) -> None:  # noqa: ANN401  # any event
    event = without_signature(event)
    payloads = sealing()

    (sealed,) = payloads.sealed([event], ["a.1"])

    for _pointer, content in content_of(sealed):
        assert is_sealed(content if isinstance(content, str) else bytes(content)[1:-1].decode())
    expected = event
    if isinstance(event, e.StepStarted) and event.input_digest is not None:
        assert isinstance(sealed, e.StepStarted)
        assert sealed.input_digest not in {None, event.input_digest}
        expected = replace(event, input_digest=sealed.input_digest)
    assert payloads.opened(recorded(sealed)).event == expected


@given(CONTENTFUL, CONTENTFUL)
def test_a_decision_that_lost_a_race_is_sealed_anew(one: Any, other: Any) -> None:  # noqa: ANN401
    """Under the same id the same bytes, which is what repeats an append; else another nonce."""
    one, other = without_signature(one), without_signature(other)
    payloads = sealing()

    first, again = payloads.sealed([one], ["a.1"]), payloads.sealed([one], ["a.1"])
    later, another = payloads.sealed([one], ["a.2"]), payloads.sealed([other], ["a.1"])

    assert first == again
    seen: dict[bytes, tuple[str, bytes]] = {}
    for sealed, plain in ((first, one), (later, one), (another, other)):
        for (pointer, word), (_, content) in zip(
            content_of(sealed[0]), content_of(plain), strict=True
        ):
            text = word if isinstance(word, str) else bytes(word)[1:-1].decode()
            found = read_sealed(text)
            assert found is not None
            was = content.encode() if isinstance(content, str) else bytes(content)
            fact = (f"{found.bound_to}{pointer}", was)
            assert seen.setdefault(found.box[:24], fact) == fact


def test_a_lost_race_and_a_repeated_append_never_use_a_nonce_twice() -> None:
    """The whole way: conflict, then an outcome that is not known, on the same store."""
    inner = MemoryStore()
    store = Intercepted(inner)
    ledger = ledger_on(store)
    job_id = ledger.submit(spec(), job_id=JOB)
    batches: list[list[bytes]] = []
    steps = iter(["race", "unknown"])

    def meddle(_stream: str, events: Any) -> None:  # noqa: ANN401  # NewEvents
        batches.append([each.data for each in events])
        step = next(steps, "")
        if step == "race":
            ledger_on(inner, FakeMachine(pid=5)).emit(job_id, "progress", said("other"))
        elif step == "unknown":
            raise Unknown("maybe")

    store.before_append = meddle
    ledger.pause(job_id, reason=said("pause"))

    lost, once, again = batches
    assert once == again != lost
    words = [_reason(batch[0]) for batch in (lost, once)]
    assert words[0].bound_to != words[1].bound_to
    assert words[0].box[:24] != words[1].box[:24]
    assert inner.read(job_id)[-1].data == again[0]


def _reason(line: bytes) -> Any:  # noqa: ANN401  # a SealedText
    return read_sealed(msgspec.json.decode(line)["payload"]["reason"])


@given(TEXTS.filter(bool))
def test_a_word_of_ones_own_is_content_like_any_other(text: str) -> None:
    """Nobody gets something into a sealed log in the clear by writing it like a sealed word."""
    payloads = sealing()
    (inner,) = payloads.sealed([e.JobPaused(reason=text)], ["a.1"])
    assert isinstance(inner, e.JobPaused)

    (sealed,) = payloads.sealed([inner], ["a.1"])

    assert sealed != inner
    assert payloads.opened(recorded(sealed)).event == inner


def test_in_a_job_that_is_not_erasable_such_a_word_is_only_text() -> None:
    ledger = ledger_on(MemoryStore())
    word = str(Cipher(b"k" * 32, "plain").seal("a.1", "/reason", b"x"))
    job_id = ledger.submit(wrkr.JobSpec(name="a", objective=word), job_id="plain")

    assert ledger.pause(job_id, reason=word).summary == f"paused by ann: {word}"
    assert ledger.spec(job_id).objective == word
    assert [each.event for each in ledger.events(job_id)][1] == e.JobPaused(reason=word)
    feed, _ = ledger.feed()
    assert feed[1][1].event == e.JobPaused(reason=word)


def test_a_fold_needs_no_key_and_opening_what_it_gives_is_folding_what_was_opened() -> None:
    """I3, I6: the state is a function of the ciphertext."""
    store = MemoryStore()
    ledger = ledger_on(store)
    work(ledger)
    lines = [record.data for record in store.read(JOB)]
    sealed = fold_all(None, open_lines(JOB, lines), JOB)
    log = JobLog(store, FakeMachine(), JOB)
    log.load()
    assert sealed is not None

    opened = log.payloads.opened_state(sealed)

    assert CANARY.encode() not in msgspec.json.encode(sealed)
    assert log.state == opened == fold_all(None, ledger.events(JOB), JOB)
    elsewhere = MemoryStore()
    out = io.BytesIO()
    export_pack(store, JOB, out)
    import_pack(out, elsewhere)
    there = [record.data for record in elsewhere.read(JOB)]
    assert fold_all(None, open_lines(JOB, there), JOB) == sealed


@given(st.integers(1, 40))
def test_as_it_was_after_any_record_a_job_is_shown_opened(at: int) -> None:
    ledger = _WORKED
    seq = min(at, ledger.state(JOB).seq)

    state = ledger.state(JOB, at=seq)

    assert state.objective == said("objective")
    assert "sealed:1:" not in msgspec.json.encode(state).decode()


_WORKED = ledger_on(MemoryStore())
work(_WORKED)


def test_what_embeds_content_in_a_sentence_is_opened_there_too() -> None:
    ledger = ledger_on(MemoryStore())
    job_id = ledger.submit(spec(), job_id=JOB)

    state = ledger.pause(job_id, reason=said("lunch"))

    assert state.summary == f"paused by ann: {said('lunch')}"
    assert ledger.jobs() == [state] == [ledger.state(job_id)]
    closed = wrkr.Ledger(ledger.store, machine=FakeMachine(), actor="ann", opens=False)
    assert closed.state(job_id).summary == "paused by ann: [sealed]"
    assert closed.spec(job_id).steps[1].gate == "[sealed]"
    assert [each.event for each in closed.events(job_id)][1] == e.JobPaused(reason="[sealed]")


@pytest.mark.parametrize(
    ("pointer", "name"), [("/summary", "a.1"), ("/reason", "a.2")], ids=["pointer", "record"]
)
def test_a_word_that_was_moved_is_damage(pointer: str, name: str) -> None:
    word = str(Cipher(b"k" * 32, "j-1").seal(name, pointer, b"x"))

    with pytest.raises(
        Corrupt, match=r"record 7: the sealed /reason was not sealed for this place"
    ):
        sealing().opened(recorded(e.JobPaused(reason=word)))


def test_behind_an_erasure_loose_ends_may_come_but_no_content() -> None:
    payloads = sealing("erased")
    ended = e.LeaseReleased(worker="w", epoch=1, reason="canceled", heartbeats=0)

    assert list(payloads.sealed([ended], ["a.1"])) == [ended]
    with pytest.raises(MoveNotAllowedError, match="no step_failed with content can follow") as one:
        payloads.sealed(
            [
                e.StepFailed(
                    step=e.StepRef(name="a", occurrence=1),
                    attempt=1,
                    epoch=1,
                    code="E",
                    error_type="E",
                    message="m",
                )
            ],
            ["a.1"],
        )
    assert one.value.details["event"] == "step_failed"


def test_blobs_are_as_they_are_where_nothing_is_sealed() -> None:
    payloads = sealing(msgspec.UNSET)

    assert payloads.sealed_blob(b"x") == payloads.opened_blob(b"x") == b"x"
    assert payloads.opens()
    with pytest.raises(Corrupt, match="a large result of job j-1 does not open"):
        sealing().opened_blob(b"x")
    with pytest.raises(PayloadsSealedError, match="was erased"):
        sealing("erased").sealed_blob(b"x")
    assert not sealing(opens=False).opens()


CLAIM = ApprovalClaim(
    subject="5" * 64, job_id="j-1", checkpoint_id="cp_2", decision="approved", reason="so"
)


def given_yes(claim: ApprovalClaim) -> e.ApprovalGiven:
    return e.ApprovalGiven(
        checkpoint_id="cp_2",
        subject="5" * 64,
        reason="so",
        signature=signature_of(claim, ANN),
    )


def test_what_is_signed_is_the_sealed_answer_known_before_it_is_recorded() -> None:
    payloads = sealing()
    claim = payloads.sealed_claim(CLAIM)

    (sealed,) = payloads.sealed([given_yes(claim)], ["any.1"])

    assert isinstance(sealed, e.ApprovalGiven)
    assert sealed.reason == claim.reason != CLAIM.reason
    assert payloads.opened(recorded(sealed, "any.1")).event == replace(sealed, reason="so")
    assert sealing(msgspec.UNSET).sealed_claim(CLAIM) is CLAIM


@pytest.mark.parametrize("is_sealed_claim", [False, True], ids=["not-sealed", "another"])
def test_a_signature_over_another_answer_is_not_recorded(*, is_sealed_claim: bool) -> None:
    payloads = sealing()
    sealed = attrs.evolve(payloads.sealed_claim(CLAIM), choice="a")
    claim = sealed if is_sealed_claim else CLAIM

    with pytest.raises(InvalidInputError, match="was made for another answer"):
        payloads.sealed([given_yes(claim)], ["a.1"])


@given(KNOWN_EVENTS)
def test_a_hidden_event_holds_only_the_word(event: e.KnownEvent) -> None:
    hidden = hidden_event(recorded(event), "[sealed]")

    assert {
        content if isinstance(content, str) else msgspec.json.decode(content)
        for _pointer, content in content_of(hidden.event)
    } <= {"[sealed]"}


def test_hashes_are_made_under_the_key_there_is_and_no_other_takes_its_place() -> None:
    store = MemoryStore()

    def payloads(standing: Any) -> JobPayloads:  # noqa: ANN401  # a standing, or unset
        return JobPayloads(store, FakeMachine(), "j-1", lambda: standing)

    for standing in ("sealed", "erased"):
        with pytest.raises(PayloadsSealedError):
            payloads(standing).key()
        assert find_key(store, "j-1") is None
    key = payloads(msgspec.UNSET).key()
    assert payloads("sealed").key() == key == find_key(store, "j-1")
    with pytest.raises(PayloadsSealedError):
        payloads("erased").key()


def test_a_large_result_that_cannot_be_opened_is_shown_as_nothing() -> None:
    data = sealing().sealed_blob(b"[1]")

    assert sealing().shown_blob(data) == b"[1]"
    assert sealing("erased").shown_blob(data) == sealing(opens=False).shown_blob(data) == b""


def test_secrets_are_masked_first_and_sealed_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "a-value-of-16-ch")
    store = MemoryStore()
    known = KnownSecrets({"MY_TOKEN": "a-value-of-16-ch"})
    ledger = wrkr.Ledger(store, machine=FakeMachine(), actor="ann", redact=known)
    ledger.submit(spec(), job_id=JOB)

    summary = ledger.cancel(JOB, reason="it said a-value-of-16-ch").summary

    assert "[REDACTED:" in summary
    assert b"REDACTED" not in store.read(JOB)[1].data
    ledger.erase(JOB, reason="it said a-value-of-16-ch")
    assert b"[REDACTED:" in store.read(JOB)[2].data
    assert find_key(store, JOB) is None
