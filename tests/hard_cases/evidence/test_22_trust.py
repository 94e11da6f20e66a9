"""Hard case 22: "verified" with exit code 0 on a mismatch, and signatures that prove nothing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from tests.hard_cases.forgeries import refusal
from tests.signers import (
    ANN,
    ANNS,
    EVE,
    TRUST,
    claimed,
    opened,
    signature_of,
    signed,
    ssh_envelope,
    trusted,
    with_entries,
    with_envelope,
)
from tests.stories import contents_of, packed, repacked, small_story, whole_story
from wrkr_core.errors import VerifySignatureError
from wrkr_core.jobpack.verify import verify_job, verify_pack
from wrkr_core.signing.claims import ApprovalClaim
from wrkr_core.signing.dsse import Envelope, signed_envelope
from wrkr_core.signing.keys import public_of
from wrkr_core.signing.trust import Trust
from wrkr_core.signing.trust_text import with_keys

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr

PLAIN: Final = packed(small_story())
PACK: Final = "wrkr-out/jobpacks/jobpack_j1.zip"


@pytest.fixture
def wrkr(wrkr_command: Wrkr) -> Wrkr:
    """A job that waits for a decision, with its jobpack, receipt and a proof."""
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    wrkr_command("export", "j1")
    Path("receipt.txt").write_text(wrkr_command("receipt", "j1").out, "utf-8")
    wrkr_command("job", "prove", "j1", "--event", "2")
    return wrkr_command


PROOF: Final = "wrkr-out/proofs/event-2_j1.json"
ASKS: Final = [
    ("verify", PACK),
    ("verify", PACK, "--json"),
    ("verify", PACK, "--quiet"),
    ("verify", PACK, "--all"),
    ("verify", PACK, "--receipt", "receipt.txt"),
    ("verify", PACK, "--proof", PROOF),
    ("import", PACK),
    ("receipt", PACK),
    ("report", "github", PACK),
    ("report", "html", PACK),
    ("job", "prove", "j1", "--since", PACK),
]


def damaged(pack: bytes) -> dict[str, bytes]:
    """Return packs that do not verify, each damaged in its own way."""
    contents = contents_of(pack)
    half = len(pack) // 2
    edited = contents["events.jsonl"].replace(b'"by":"', b'"by":"x', 1)
    return {
        "cut off": pack[:half],
        "one bit": pack[:half] + bytes([pack[half] ^ 1]) + pack[half + 1 :],
        "edited": with_entries(pack, {"events.jsonl": edited}),
        "edited and mended": repacked({**contents, "events.jsonl": edited}),
        "one file more": with_entries(pack, {"surplus.txt": b"x"}),
        "another status": repacked(contents, lambda manifest: manifest.update(status="completed")),
        "empty": b"",
    }


@pytest.mark.parametrize("asked", ASKS, ids=" ".join)
def test_22_whatever_reads_a_jobpack_ends_with_an_error_on_any_mismatch(
    asked: tuple[str, ...], wrkr: Wrkr
) -> None:
    pack = Path(PACK).read_bytes()
    assert wrkr(*asked).code == 0, "else nothing below would be shown"
    for how, content in damaged(pack).items():
        Path(PACK).write_bytes(content)

        said = wrkr(*asked)

        assert said.code in {2, 6}, how
        assert said.err.count("E_VERIFY_") >= 1
        assert "integrity ok" not in said.out
        assert said.out.strip() != "ok"
        assert '"ok": true' not in said.out


@pytest.mark.parametrize(
    "asked",
    [
        ("verify", PACK, "--receipt", "other.txt"),
        ("verify", "j1", "--receipt", "other.txt"),
        ("verify", "--receipt", "other.txt"),
        ("verify", "--proof", PROOF, "--receipt", "other.txt"),
        ("verify", PACK, "--require-signature"),
        ("verify", "j1", "--require-signature"),
        ("verify", PACK, "--trust", "trust.toml"),
    ],
    ids=" ".join,
)
def test_22_a_right_pack_that_is_not_the_one_asked_for_ends_with_2(
    asked: tuple[str, ...], wrkr: Wrkr
) -> None:
    Path("other.txt").write_text(f"WRKR job_id=j1 manifest=sha256:{'ab' * 32}", "utf-8")
    Path("trust.toml").write_bytes(with_keys(b"", [ANNS], name="trust.toml"))

    said = wrkr(*asked)

    assert said.code == 2
    assert "integrity ok" not in said.out


def test_22_a_job_that_was_changed_in_its_store_ends_with_an_error(wrkr: Wrkr, url: str) -> None:
    import sqlite3

    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute(
            "UPDATE events SET data = CAST(replace(CAST(data AS TEXT), 'took', 't00k') AS BLOB), "
            "at = at + 1 WHERE seq = 3"
        )
    connection.close()

    for asked in (("verify", "j1"), ("verify", "j1", "--all"), ("export", "j1"), ("receipt", "j1")):
        assert wrkr(*asked).code != 0


def assurance(pack: bytes, trust: Trust) -> tuple[str, tuple[str, ...]]:
    found = verify_pack(io.BytesIO(pack), trust=trust)
    return found.assurance, found.signed_by


NOBODY: Final = Trust(keys=TRUST.keys, require=())


def test_22_a_signature_by_a_key_that_only_the_jobpack_knows_counts_for_nothing() -> None:
    by_eve = signed(PLAIN, EVE)

    assert isinstance(refusal(by_eve, trust=TRUST), VerifySignatureError)
    assert assurance(by_eve, NOBODY) == ("asserted", ())
    assert refusal(by_eve) is None


def test_22_an_ssh_signature_that_carries_its_key_counts_for_nothing_without_trust() -> None:
    envelope = ssh_envelope(claimed(PLAIN).payload(), EVE)
    pack = with_envelope(PLAIN, envelope)

    assert public_of(EVE).raw in envelope.signature, "the key is in it"
    assert isinstance(refusal(pack, trust=TRUST), VerifySignatureError)
    assert assurance(pack, NOBODY) == ("asserted", ())


def test_22_naming_a_trusted_key_does_not_make_it_its_signature() -> None:
    payload = claimed(PLAIN).payload()
    by_eve = signed_envelope(payload, EVE)
    pack = with_envelope(PLAIN, attrs.evolve(by_eve, keyid=public_of(ANN).keyid))

    found = refusal(pack, trust=NOBODY)

    assert isinstance(found, VerifySignatureError)
    assert "is not signed by ann" in found.message


def test_22_a_key_that_is_in_the_pack_under_the_name_of_a_trusted_one_is_not_trusted() -> None:
    """The trust file says whose a key is; what stands in the pack beside it is looked at by nobody."""
    impostor = trusted(EVE, "ann", "producer")
    listed = with_keys(b"", [impostor], name="trust.toml")
    pack = with_entries(signed(PLAIN, EVE), {})

    assert isinstance(refusal(pack, trust=TRUST), VerifySignatureError)
    assert refusal(with_entries(pack, {"trust.toml": listed}), trust=TRUST) is not None


@pytest.mark.parametrize(
    "lie",
    [
        {"pack_id": "ab" * 32},
        {"job_id": "another"},
        {"event_count": 10},
        {"events_root": "ab" * 32},
        {"head_hash": "ab" * 32},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_22_whatever_was_signed_is_computed_anew_from_the_pack(lie: dict[str, Any]) -> None:
    """The signature is ann's and good; what it is over is not this pack."""
    found = refusal(
        with_envelope(PLAIN, signed_envelope(claimed(PLAIN, **lie).payload(), ANN)), trust=NOBODY
    )

    assert isinstance(found, VerifySignatureError)
    assert "something else than this jobpack" in found.message


def test_22_a_good_signature_moved_to_another_pack_condemns_it() -> None:
    theirs = opened(signed(packed(whole_story()))).attestations()

    assert isinstance(refusal(with_entries(PLAIN, theirs), trust=NOBODY), VerifySignatureError)


def test_22_content_changed_under_a_good_signature_is_found_by_its_digest() -> None:
    pack = signed(PLAIN)
    contents = contents_of(pack)
    for name, content in contents.items():
        if name.startswith("attestations/"):
            continue
        edited = content.replace(b"port-utils", b"port-atils", 1)
        assert edited != content, name
        unmended = with_entries(pack, {name: edited})

        assert refusal(unmended, trust=NOBODY) is not None, name


def test_22_a_payload_changed_under_its_signature_is_found() -> None:
    honest = signed_envelope(claimed(PLAIN).payload(), ANN)
    changed = Envelope(
        payload=honest.payload.replace(b"Looked at it.", b"Looked at it!"),
        keyid=honest.keyid,
        signature=honest.signature,
    )

    assert isinstance(refusal(with_envelope(PLAIN, changed), trust=NOBODY), VerifySignatureError)


def test_22_what_a_reviewer_signed_is_compared_with_the_answer_in_the_log() -> None:
    from tests.signers import answered_story

    claim = ApprovalClaim(
        subject="ab" * 32,
        job_id="port-utils",
        checkpoint_id="cp_3",
        decision="approved",
        reason="read the diff",
    )
    story = answered_story(recorded={"signature": signature_of(claim, b"b" * 32)})

    with pytest.raises(VerifySignatureError, match="for another answer"):
        verify_job(story.store, story.job_id, trust=NOBODY)
