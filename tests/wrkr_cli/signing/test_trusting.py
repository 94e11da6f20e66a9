"""Trust files: what they refuse, and keys that are trusted no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.signers import with_entries
from tests.stories import contents_of
from tests.wrkr_cli.signing.conftest import PACK, trusting, verify
from wrkr_core.canonical import dumps

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr


def test_an_unsigned_pack_is_refused_once_there_is_a_trust_file(wrkr: Wrkr, home: Path) -> None:
    wrkr("keys", "generate", "ann")
    wrkr("submit", "job.yaml", "--job-id", "j1")
    wrkr("export", "j1")
    assert verify(wrkr)["assurance"] == "unsigned"
    required = wrkr("verify", PACK, "--require-signature", "--json")
    assert (required.code, required.envelope["code"]) == (2, "E_VERIFY_SIGNATURE")

    trusting(wrkr, "ann", "producer")

    assert wrkr("verify", PACK).code == 2
    assert wrkr("verify", "j1").code == 0
    assert wrkr("verify", "j1", "--require-signature").code == 2
    elsewhere = home / "other.toml"
    (home / "trust.toml").rename(elsewhere)
    assert wrkr("verify", PACK).code == 0
    assert wrkr("verify", PACK, "--trust", str(elsewhere)).code == 2
    assert wrkr("verify", PACK, "--trust", "nix.toml", "--json").envelope["code"] == "E_NOT_FOUND"


def test_a_trust_file_with_mistakes_is_answered_with_their_lines(exported: Wrkr) -> None:
    Path("t.toml").write_text("[[keys]]\nidentty = 'ann'\n")

    said = exported("verify", PACK, "--trust", "t.toml", "--json")

    assert said.code == 6
    assert said.envelope["details"]["problems"][-1].startswith("t.toml:2: keys[0].identty")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--identity", ""], "'' cannot name who did it"),
        (["--job", ""], "'' matches no job"),
        (["--job", "Port *"], "'Port *' matches no job"),
        (
            ["--not-before", "2027-01-01T00:00:00Z", "--not-after", "2027-01-01T00:00:00Z"],
            "--not-after 2027-01-01T00:00:00Z is not after --not-before",
        ),
    ],
)
def test_a_mistake_in_an_option_is_not_blamed_on_the_trust_file(
    asked: list[str], said: str, wrkr: Wrkr, home: Path
) -> None:
    wrkr("keys", "generate", "ann")

    refused = wrkr("keys", "trust", "ann", "--role", "producer", "--identity", "ann", *asked)

    assert (refused.code, said in refused.err) == (6, True), refused.err
    assert "trust.toml" not in refused.err
    assert not (home / "trust.toml").exists()


def test_a_bad_signature_of_a_trusted_key_ends_with_2(exported: Wrkr) -> None:
    trusting(exported, "ann", "producer")
    pack = Path(PACK).read_bytes()
    name, content = next(
        each for each in contents_of(pack).items() if each[0].startswith("attestations/")
    )
    value = json.loads(content)
    value["signatures"][0]["sig"] = "A" * 86 + "=="
    Path(PACK).write_bytes(with_entries(pack, {name: dumps(value)}))

    said = exported("verify", PACK, "--json")

    assert (said.code, said.envelope["code"]) == (2, "E_VERIFY_SIGNATURE")
    assert said.envelope["details"]["entry"] == name


def test_a_compromised_key_voids_what_it_signed(exported: Wrkr) -> None:
    trusting(exported, "ann", "producer")
    assert exported("verify", PACK).code == 0

    said = exported("keys", "revoke", "ann@example.com", "--reason", "compromised", "--json")

    assert said.json["revoked"]["reason"] == "compromised"
    assert "revoked as compromised" in exported("verify", PACK).err
    assert exported("keys", "revoke", "ann", "--reason", "retired").code == 6
    assert exported("keys", "revoke", "nobody", "--reason", "retired").code == 1


def test_a_key_to_be_revoked_is_named_by_anything_that_names_one(exported: Wrkr) -> None:
    trusting(exported, "ann", "producer", identity="somebody")
    key = exported("keys", "list", "--json").json["trusted"][0]
    trusting(exported, "bea", "reviewer", identity="somebody")
    when = ["--reason", "retired", "--at", "2026-01-31T00:00:00Z", "--explain"]

    for name in (key["keyid"], key["keyid"][:8], key["public"], "ann"):
        assert exported("keys", "revoke", name, *when).code == 0
    ambiguous = exported("keys", "revoke", "somebody", "--reason", "retired")
    assert "has 2 keys that 'somebody' may mean" in ambiguous.err
