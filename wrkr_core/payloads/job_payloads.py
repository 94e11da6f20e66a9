"""One job's content: sealed before it becomes a record, opened for who reads it and has the key.

Folding, verification and export work on what is recorded and never need a key. People and the code
that works on a job read through ``opened``: with the key what was said, without it ``[sealed]``, and
``[erased]`` once the key was removed. Of a job that is not erasable everything is as it is recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from wrkr_core import events as e
from wrkr_core.errors import (
    Corrupt,
    MoveNotAllowedError,
    NotSupportedHereError,
    PayloadsSealedError,
)
from wrkr_core.job.effects import NAMES
from wrkr_core.payloads.cipher import CannotOpenError, Cipher
from wrkr_core.payloads.key import find_key, job_key
from wrkr_core.payloads.places import content_of, with_content
from wrkr_core.sealed_text import PREFIX, SealedText, read_sealed, replace_sealed
from wrkr_core.spec import spec_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_core.job.state import JobState, Payloads
    from wrkr_core.machine import Machine
    from wrkr_core.signing.claims import ApprovalClaim
    from wrkr_core.store import Store

    Standing = Payloads | msgspec.UnsetType

WORDS: Final = {"sealed": "[sealed]", "erased": "[erased]"}
"""What is shown in place of content, by how the payloads stand."""

REASON: Final = "/reason"  # of an answer: what a signer has to name before it is recorded
_RAW_PREFIX: Final = b'"' + PREFIX.encode()


class JobPayloads:
    """Seals and opens the content of one job in one store. Not thread-safe."""

    def __init__(
        self,
        store: Store,
        machine: Machine,
        job_id: str,
        standing: Callable[[], Standing],
        *,
        opens: bool = True,
    ) -> None:
        """Read nothing yet; ``standing`` tells how the payloads stand in the newest state known.

        Without ``opens`` nothing is opened, as where the key is not.
        """
        self._store = store
        self._machine = machine
        self._job_id = job_id
        self._standing = standing
        self._opens = opens
        self._cipher: Cipher | None = None
        self._has_looked = False

    def sealed(self, events: Sequence[e.Event], ids: Sequence[str]) -> Sequence[e.Event]:
        """Return events that are about to become the records ``ids``, their content sealed.

        Raises:
            PayloadsSealedError: There is content, and the job's key is not here.
            MoveNotAllowedError: There is content, and the payloads were erased.
            InvalidInputError: A signature is over another answer than the one to be recorded.

        """
        first = events[0]
        if isinstance(first, e.JobSubmitted):
            if not first.spec.erasable:
                return events
            key = job_key(self._store, self._machine, self._job_id)
            self._cipher = Cipher(key, self._job_id)
        elif self._standing() is msgspec.UNSET:
            return events
        return [self._sealed(event, record) for event, record in zip(events, ids, strict=True)]

    def _sealed(self, event: e.Event, record_id: str) -> e.Event:
        if isinstance(event, e.StepStarted) and event.input_digest is not None:
            return replace(event, input_digest=self._require(event).digest(event.input_digest))
        if not any(True for _ in content_of(event)):
            return event
        cipher, bound_to = self._require(event), bound(event, record_id)

        def change(pointer: str, content: str | msgspec.Raw) -> str | msgspec.Raw:
            if isinstance(content, str):
                return str(cipher.seal(bound_to, pointer, content.encode()))
            return _raw(str(cipher.seal(bound_to, pointer, bytes(content))))

        sealed = with_content(event, change)
        if isinstance(sealed, e.JobSubmitted):
            return replace(sealed, spec_digest=spec_digest(sealed.spec))
        if isinstance(sealed, e.ApprovalGiven | e.ApprovalRefused) and sealed.signature != e.NULL:
            from wrkr_core.job.decide.deciding import answer_claim
            from wrkr_core.signing.answers import recordable

            recordable(bytes(sealed.signature), answer_claim(self._job_id, sealed))
        return sealed

    def _require(self, event: e.Event) -> Cipher:
        """Return what seals the content of ``event``. Raises: see ``sealed``."""
        if self._standing() == "erased":
            name = NAMES[type(event)]
            raise MoveNotAllowedError(
                f"the payloads of job {self._job_id} were erased; no {name} with content can follow",
                hint="the job is over; submit another one",
                job_id=self._job_id,
                event=name,
            )
        return self._require_cipher()

    def _require_cipher(self) -> Cipher:
        self._has_looked = False
        cipher = self._find_cipher()
        if cipher is None:
            raise self._closed()
        return cipher

    def _closed(self) -> PayloadsSealedError:
        erased = self._standing() == "erased"
        return PayloadsSealedError(
            f"the content of job {self._job_id} "
            + ("was erased" if erased else "is sealed, and its key is not in this store"),
            hint="nobody can read or go on with it; its log, jobpacks and signatures still verify"
            if erased
            else "go on in the store where the job was submitted; jobpacks never hold a key",
            job_id=self._job_id,
            payloads="erased" if erased else "sealed",
        )

    def key(self) -> bytes:
        """Return the job's own key, for hashes; made when it is first needed, unless it is sealed under.

        An erasable job has had one from its beginning, and another would only stand in its place.

        Raises: PayloadsSealedError: it is not here, or there is none any more.
        """
        standing = self._standing()
        if standing is msgspec.UNSET:
            return job_key(self._store, self._machine, self._job_id)
        key = None if standing == "erased" else find_key(self._store, self._job_id)
        if key is None:
            raise self._closed()
        return key

    def require_open(self) -> None:
        """Refuse to go on with a job whose content cannot be read. Raises: PayloadsSealedError."""
        if self._standing() is not msgspec.UNSET:
            self._require_cipher()

    def opens(self) -> bool:
        """Tell whether all that is recorded of the job can be read here."""
        return self._standing() is msgspec.UNSET or self._find_cipher() is not None

    def _find_cipher(self) -> Cipher | None:
        if not self._opens or self._standing() == "erased":
            return None
        if self._cipher is None and not self._has_looked:
            self._has_looked = True
            key = find_key(self._store, self._job_id)
            self._cipher = None if key is None else Cipher(key, self._job_id)
        return self._cipher

    def opened(self, recorded: e.RecordedEvent) -> e.RecordedEvent:
        """Return a record as it is shown.

        Raises: Corrupt: what is sealed in it belongs elsewhere, or to another key.
        """
        event = recorded.event
        if not any(_looks_sealed(content) for _pointer, content in content_of(event)):
            return recorded
        if self._standing() is msgspec.UNSET:
            return recorded  # somebody wrote down such a word in a job that is not sealed
        bound_to = bound(event, recorded.id)

        def change(pointer: str, content: str | msgspec.Raw) -> str | msgspec.Raw:
            text = (
                content
                if isinstance(content, str)
                else bytes(content)[1:-1].decode("ascii", "replace")
            )
            sealed = read_sealed(text)
            if sealed is None or (sealed.bound_to, sealed.pointer) != (bound_to, pointer):
                raise self._wrong(recorded.seq, pointer, "was not sealed for this place")
            try:
                plain = self._open(sealed)
            except CannotOpenError as error:
                said = "does not open under the job's key in this store"
                raise self._wrong(recorded.seq, pointer, said) from error
            if isinstance(content, str):
                return self._word() if plain is None else plain.decode()
            return _raw(self._word()) if plain is None else msgspec.Raw(plain)

        return replace(recorded, event=with_content(event, change))

    def opened_state(self, state: JobState) -> JobState:
        """Return a state as it is shown: content in it opened, also inside other text."""
        if state.payloads is msgspec.UNSET:
            return state

        def by(sealed: SealedText) -> str:
            try:
                plain = self._open(sealed)
            except CannotOpenError:  # its record says so; a state must stay readable
                plain = None
            return self._word() if plain is None else plain.decode()

        def change(_pointer: str, content: str | msgspec.Raw) -> str | msgspec.Raw:
            return replace_sealed(content, by) if isinstance(content, str) else content

        return with_content(state, change)

    def _open(self, sealed: SealedText) -> bytes | None:
        """Return the content, None without a key for it. Raises: CannotOpenError."""
        try:
            cipher = self._find_cipher()
        except NotSupportedHereError:  # no reason to show nothing; who has to seal is told
            cipher = None
        return None if cipher is None else cipher.open(sealed)

    def _word(self) -> str:
        return WORDS["erased" if self._standing() == "erased" else "sealed"]

    def _wrong(self, seq: int, pointer: str, said: str) -> Corrupt:
        return Corrupt(
            f"job {self._job_id}, record {seq}: the sealed {pointer} {said}",
            hint="restore the store from a backup; imported elsewhere, the rest of the job is readable",
            job_id=self._job_id,
            seq=seq,
        )

    def sealed_blob(self, data: bytes) -> bytes:
        """Return a large result as it is to be kept. Raises: PayloadsSealedError."""
        if self._standing() is msgspec.UNSET:
            return data
        return self._require_cipher().seal_blob(data)

    def opened_blob(self, data: bytes) -> bytes:
        """Return a large result as the step returned it. Raises: PayloadsSealedError, Corrupt."""
        if self._standing() is msgspec.UNSET:
            return data
        try:
            return self._require_cipher().open_blob(data)
        except CannotOpenError as error:
            raise Corrupt(
                f"a large result of job {self._job_id} does not open under the key in this store",
                job_id=self._job_id,
            ) from error

    def shown_blob(self, data: bytes) -> bytes:
        """Return a large result as it is shown: nothing where it cannot be opened. Raises: Corrupt."""
        return self.opened_blob(data) if self.opens() else b""

    def sealed_claim(self, claim: ApprovalClaim) -> ApprovalClaim:
        """Return what a signer signs so that it says what will be recorded.

        Raises: PayloadsSealedError.
        """
        import attrs

        if self._standing() is msgspec.UNSET:
            return claim
        word = self._require_cipher().seal(claim.subject, REASON, claim.reason.encode())
        return attrs.evolve(claim, reason=str(word))


def bound(event: e.Event, record_id: str) -> str:
    """Return what the content of ``event`` is bound to; see ``SealedText``."""
    return event.subject if isinstance(event, e.ApprovalGiven | e.ApprovalRefused) else record_id


def hidden_event(recorded: e.RecordedEvent, word: str) -> e.RecordedEvent:
    """Return a record of an erasable job with ``word`` in place of all its content."""

    def change(_pointer: str, content: str | msgspec.Raw) -> str | msgspec.Raw:
        return word if isinstance(content, str) else _raw(word)

    return replace(recorded, event=with_content(recorded.event, change))


def _looks_sealed(content: str | msgspec.Raw) -> bool:
    if isinstance(content, str):
        return content.startswith(PREFIX)
    return bytes(memoryview(content)[: len(_RAW_PREFIX)]) == _RAW_PREFIX


def _raw(text: str) -> msgspec.Raw:
    """Return a text without anything to escape as a JSON value."""
    return msgspec.Raw(f'"{text}"'.encode())
