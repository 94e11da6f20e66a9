"""Output is kept in bounded memory: the first and the last of it, and how much it was."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.canaries import GITHUB, private_key, tokens
from wrkr_core.redaction.mask import MARKER, Mask
from wrkr_run.capture import KEPT, Capture
from wrkr_run.known_secrets import KnownSecrets

NOTHING_SECRET = KnownSecrets({})


def captured(data: bytes, piece: int = 1 << 16, known: KnownSecrets = NOTHING_SECRET) -> Capture:
    capture = Capture(Mask(known, lambda: b"key"))
    for start in range(0, len(data), piece):
        capture.feed(data[start : start + piece])
    return capture


def test_short_output_is_kept_as_it_is() -> None:
    result = captured(b"one\ntwo\n\n").result()

    assert (result.text, result.size, result.omitted) == ("one\ntwo\n\n", 9, 0)
    assert result.last_line == "two"


def test_of_long_output_the_first_and_the_last_32_kib_are_kept_and_the_rest_is_counted() -> None:
    data = b"a" * KEPT + b"b" * 1_000_000 + b"c" * KEPT

    result = captured(data).result()

    first, gap, last = result.text.split("\n")
    assert (first, last) == ("a" * KEPT, "c" * KEPT)
    assert gap == "[… 1000000 bytes omitted …]"
    assert (result.size, result.omitted) == (len(data), 1_000_000)


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert captured(b"caf\xe9!").result().text == "caf\ufffd!"


def test_output_of_any_length_takes_bounded_memory() -> None:
    capture = captured(b"")
    for _ in range(500):
        capture.feed(b"x" * 65_536)

    assert len(capture._head) + len(capture._tail) <= 4 * (KEPT + NOTHING_SECRET.overlap)
    assert capture.result().size == 500 * 65_536


def test_nothing_has_no_last_line() -> None:
    assert captured(b"\n \n").result().last_line == ""


def test_a_very_long_last_line_is_shown_in_part() -> None:
    assert len(captured(b"x" * 10_000).result().last_line) == 500


# Before or behind the secret, so that it lies across one of the cuts; or anything.
AROUND = st.integers(KEPT - 250, KEPT + 50) | st.integers(0, 3 * KEPT)


@given(
    before=AROUND,
    behind=AROUND | st.just(3 * KEPT),
    length=st.integers(8, 200),
    piece=st.integers(1000, 70_000),
)
def test_a_secret_is_never_kept_in_part(before: int, behind: int, length: int, piece: int) -> None:
    secret = "".join(chr(ord("A") + number % 26) for number in range(length))
    data = b"." * before + secret.encode() + b"." * behind

    text = captured(data, piece, KnownSecrets({"API_TOKEN": secret})).result().text

    rest = MARKER.sub(b"", text.encode()).decode().replace("bytes omitted", "")
    assert not any("A" <= letter <= "Z" for letter in rest)


@settings(max_examples=40)
@given(
    before=AROUND,
    behind=AROUND | st.just(3 * KEPT),
    which=st.sampled_from([text for _, text, secret in tokens() if text == secret]),
)
def test_a_token_or_key_is_never_kept_in_part(before: int, behind: int, which: str) -> None:
    data = b" " * before + which.encode() + b" " * behind

    text = captured(data, 4096).result().text

    rest = MARKER.sub(b"", text.encode()).decode()
    assert rest.replace("bytes omitted", "").strip(" \n[]…0123456789") == ""


def test_of_a_key_of_which_only_the_end_is_kept_nothing_is_kept() -> None:
    key = private_key(lines=600)  # longer than all that is looked at beyond the cut

    text = captured(b"x\n" * KEPT + key.encode() + b"\nend" + b"." * (KEPT - 1000)).result().text

    assert not any(line in text for line in key.split("\n")[1:-1])
    assert "\nend." in text


def test_what_was_masked_is_counted_by_rule() -> None:
    known = KnownSecrets({"API_TOKEN": "12345678"})

    short = captured(b"12345678 12345678 " + GITHUB.encode(), known=known).result()
    long = captured(b"12345678" + b"." * 3 * KEPT + b"12345678", known=known).result()

    assert short.redacted == {"env-API_TOKEN": 2, "github-token": 1}
    assert long.redacted == {"env-API_TOKEN": 2}
    assert captured(b"nothing").result().redacted == {}


@given(size=st.integers(0, 5 * KEPT), piece=st.integers(1, 70_000))
def test_what_is_kept_and_what_is_omitted_make_up_all_of_it(size: int, piece: int) -> None:
    result = captured(b"x" * size, max(piece, 500)).result()

    assert result.size == size
    assert result.text.count("x") + result.omitted == size
