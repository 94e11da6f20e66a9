"""Canonical JSON, its digests, and receipts."""

from __future__ import annotations

import struct
from typing import Any, Final

from vectors.making.writing import Case, expected, hold, vectors
from wrkr_core.canonical import digest_bytes, dumps, is_canonical, loads
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.jobpack.receipt import read_receipt, receipt_line

INVALID: Final = "E_INVALID_INPUT_SCHEMA"

# id, JSON text, its canonical form; None: it has none
VALUES: Final[tuple[tuple[str, str, str | None], ...]] = (
    ("null", "null", "null"),
    ("literals", "[ true, false , null ]", "[true,false,null]"),
    ("white-space", ' {\n\t"a" :\r\n [ 1 , 2 ] } ', '{"a":[1,2]}'),
    ("empty", '[ {}, [], "" ]', '[{},[],""]'),
    ("keys-are-sorted", '{"b":1,"a":2,"B":3,"":4,"_":5,"10":6,"1":7}',
     '{"":4,"1":7,"10":6,"B":3,"_":5,"a":2,"b":1}'),
    ("keys-are-sorted-at-every-depth", '[{"b":{"d":1,"c":2},"a":[]}]',
     '[{"a":[],"b":{"c":2,"d":1}}]'),
    # U+FB33 is one UTF-16 unit, 0xFB33; U+1F600 is two, the first of them 0xD83D, which is less.
    ("keys-are-sorted-by-utf-16-units", '{"\\ufb33":1,"\\ud83d\\ude00":2,"\\u20ac":3,"\\r":4}',
     '{"\\r":4,"\u20ac":3,"\U0001f600":2,"\ufb33":1}'),
    ("keys-are-not-normalised", '{"\\u00e9":1,"e\\u0301":2}', '{"e\u0301":2,"\u00e9":1}'),
    ("order-of-arrays-is-kept", "[3,1,2]", "[3,1,2]"),
    ("short-escapes", '"\\b\\f\\n\\r\\t\\"\\\\"', '"\\b\\f\\n\\r\\t\\"\\\\"'),
    ("other-controls", '"\\u0000\\u0001\\u000B\\u001F"', '"\\u0000\\u0001\\u000b\\u001f"'),
    ("delete-is-no-control", '"\\u007f\\u0080"', '"\x7f\x80"'),
    ("slash-is-not-escaped", '"\\/a/b"', '"/a/b"'),
    ("needless-escapes", '"\\u0041\\u00fc\\u20ac"', '"A\u00fc\u20ac"'),
    ("line-separators-stand-as-they-are", '"\\u2028\\u2029\\u0085"', '"\u2028\u2029\x85"'),
    ("surrogate-pair", '"\\ud83d\\ude00"', '"\U0001f600"'),
    ("byte-order-mark-inside", '"\\ufeff"', '"\ufeff"'),
    ("html-is-not-escaped", '"<a href=\'x\'>&amp;</a>"', '"<a href=\'x\'>&amp;</a>"'),
    ("integers", "[0,-0,1,-1,9007199254740991,-9007199254740991]",
     "[0,0,1,-1,9007199254740991,-9007199254740991]"),
    ("fractions", "[0.1,-0.5,1.50,0.30000000000000004,100.125]",
     "[0.1,-0.5,1.5,0.30000000000000004,100.125]"),
    ("whole-numbers-written-otherwise", "[1.0,1e2,-1E+1,10e-1,0.0,-0.0]", "[1,100,-10,1,0,0]"),
    ("exponents", "[1e-7,1e-6,0.00001,1e21,1.5e300,5e-324]",
     "[1e-7,0.000001,0.00001,1e+21,1.5e+300,5e-324]"),
    ("rounded-to-a-double", "[0.1000000000000000055511151231257827,333333333.33333329]",
     "[0.1,333333333.3333333]"),
    ("nested-64-deep", "[" * 64 + "]" * 64, "[" * 64 + "]" * 64),
    ("integer-too-large", "9007199254740992", None),
    ("integer-too-small", "-9007199254740992", None),
    ("integer-far-too-large", "100000000000000000000", None),
    ("integer-too-large-inside", '{"a":[1,9007199254740992]}', None),
    ("whole-double-too-large", "9007199254740992.0", None),
    ("whole-double-below-1e21", "1e20", None),
    ("nested-65-deep", "[" * 65 + "]" * 65, None),
    ("objects-nested-65-deep", '{"a":' * 65 + "0" + "}" * 65, None),
    ("half-a-surrogate-pair", '"\\ud800"', None),
    ("the-other-half", '"a\\udc00b"', None),
    ("half-a-surrogate-pair-in-a-key", '{"\\udfff":1}', None),
    ("surrogates-in-the-wrong-order", '"\\ude00\\ud83d"', None),
    ("nothing", "", None),
    ("cut-off", '{"a":', None),
    ("two-values", "1 2", None),
    ("trailing-comma", "[1,]", None),
    ("comment", "[1] // one", None),
    ("not-a-number", "NaN", None),
    ("infinity", "-Infinity", None),
    ("leading-zero", "01", None),
    ("leading-plus", "+1", None),
    ("no-digit-behind-the-point", "1.", None),
    ("single-quotes", "'a'", None),
    ("control-character-in-text", '"a\nb"', None),
    ("unknown-escape", '"\\x41"', None),
)  # fmt: skip

# id, bytes that are no UTF-8
BROKEN: Final[tuple[tuple[str, bytes], ...]] = (
    ("not-utf-8", b'"\xff"'),
    ("utf-8-cut-off", b'"\xe2\x82"'),
    ("utf-8-longer-than-needed", b'"\xc0\xaf"'),
    ("surrogate-in-utf-8", b'"\xed\xa0\x80"'),
    ("utf-16", '["a"]'.encode("utf-16-le")),
    ("byte-order-mark", b"\xef\xbb\xbf1"),
)

# id, bits, canonical form; RFC 8785, appendix B, and the edges of what is refused
NUMBERS: Final[tuple[tuple[str, str, str | None], ...]] = (
    ("zero", "0000000000000000", "0"),
    ("minus-zero", "8000000000000000", "0"),
    ("smallest", "0000000000000001", "5e-324"),
    ("smallest-negative", "8000000000000001", "-5e-324"),
    ("largest", "7fefffffffffffff", "1.7976931348623157e+308"),
    ("largest-negative", "ffefffffffffffff", "-1.7976931348623157e+308"),
    ("largest-whole", "433fffffffffffff", "9007199254740991"),
    ("largest-whole-negative", "c33fffffffffffff", "-9007199254740991"),
    ("one-more", "4340000000000000", None),
    ("one-less", "c340000000000000", None),
    ("below-1e21", "444b1ae4d6e2ef4f", None),
    ("1e21", "444b1ae4d6e2ef50", "1e+21"),
    ("above-1e21", "444b1ae4d6e2ef51", "1.0000000000000001e+21"),
    ("2-to-the-68", "4430000000000000", None),
    ("1e23", "44b52d02c7e14af6", "1e+23"),
    ("below-1e23", "44b52d02c7e14af5", "9.999999999999997e+22"),
    ("below-1e-6", "3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("1e-6", "3eb0c6f7a0b5ed8d", "0.000001"),
    ("1e-5", "3ee4f8b588e368f1", "0.00001"),
    ("a-third-of-a-billion-1", "41b3de4355555553", "333333333.3333332"),
    ("a-third-of-a-billion-2", "41b3de4355555554", "333333333.33333325"),
    ("a-third-of-a-billion-3", "41b3de4355555555", "333333333.3333333"),
    ("a-third-of-a-billion-4", "41b3de4355555556", "333333333.3333334"),
    ("a-third-of-a-billion-5", "41b3de4355555557", "333333333.33333343"),
    ("negative-and-tiny", "becbf647612f3696", "-0.0000033333333333333333"),
    ("round-to-even", "43143ff3c1cb0959", "1424953923781206.2"),
    ("one-tenth", "3fb999999999999a", "0.1"),
    ("three-tenths-in-two-steps", "3fd3333333333334", "0.30000000000000004"),
    ("not-a-number", "7ff8000000000000", None),
    ("infinity", "7ff0000000000000", None),
    ("minus-infinity", "fff0000000000000", None),
)

# id, text; whether it is the one legal form
STRICT: Final[tuple[tuple[str, str, bool], ...]] = (
    ("canonical", '{"a":[1,0.5,"\u00fc\u2028"],"b":{}}', True),
    ("nested-72-deep", "[" * 72 + "]" * 72, True),
    ("nested-73-deep", "[" * 73 + "]" * 73, False),
    ("space-before", " 1", False),
    ("newline-behind", "1\n", False),
    ("space-inside", '{"a": 1}', False),
    ("unsorted-keys", '{"b":1,"a":2}', False),
    ("keys-sorted-by-code-point", '{"\ufb33":1,"\U0001f600":2}', False),
    ("duplicate-keys", '{"a":1,"a":2}', False),
    ("duplicate-keys-with-one-value", '{"a":1,"a":1}', False),
    ("duplicate-keys-one-of-them-escaped", '{"a":1,"\\u0061":1}', False),
    ("minus-zero", "-0", False),
    ("minus-zero-double", "-0.0", False),
    ("whole-double", "1.0", False),
    ("exponent", "1e2", False),
    ("exponent-without-sign", "1e21", False),
    ("exponent-with-sign", "1e+21", True),
    ("capital-exponent", "1E+21", False),
    ("trailing-zero", "0.50", False),
    ("too-many-digits", "0.1000000000000000055", False),
    ("tiny-with-exponent", "1e-6", False),
    ("integer-too-large", "9007199254740992", False),
    ("integer-as-text", '"9007199254740992"', True),
    ("escaped-slash", '"\\/"', False),
    ("escaped-letter", '"\\u0041"', False),
    ("escaped-line-separator", '"\\u2028"', False),
    ("line-separator", '"\u2028"', True),
    ("escape-in-capitals", '"\\u001F"', False),
    ("escape-in-small-letters", '"\\u001f"', True),
    ("long-form-of-a-short-escape", '"\\u000a"', False),
    ("escaped-surrogate-pair", '"\\ud83d\\ude00"', False),
    ("half-a-surrogate-pair", '"\\ud800"', False),
    ("byte-order-mark", "\ufeff1", False),
    ("two-values", "1 1", False),
    ("nothing", "", False),
)


def files() -> dict[str, bytes]:
    """Return the files of this group by name."""
    return {
        "canonical/values.json": vectors(
            "canonical_json",
            "Read a JSON text and write its canonical form, or refuse it.",
            [*map(_value, VALUES), *map(_broken, BROKEN)],
        ),
        "canonical/numbers.json": vectors(
            "canonical_number",
            "Write a number given by its 64 bits, or refuse it.",
            [_number(*row) for row in NUMBERS],
        ),
        "canonical/strict.json": vectors(
            "strict_json",
            "Read bytes only if they are the one canonical form of a value.",
            [_strict(*row) for row in STRICT],
        ),
        "canonical/fingerprints.json": vectors(
            "fingerprint",
            "Digest what the rules of an environment yielded, in whatever order it comes.",
            _fingerprints(),
        ),
        "canonical/receipts.json": vectors(
            "receipt",
            "Read the one line that names a jobpack; what was read is written as the same line.",
            _receipts(),
        ),
    }


def _value(row: tuple[str, str, str | None]) -> Case:
    name, text, canonical = row

    def found() -> dict[str, Any]:
        data = dumps(loads(text.encode()))
        return {"canonical": data.decode(), "sha256": digest_bytes(data)}

    came = expected(found)
    hold(came.get("canonical"), canonical, name)
    return {"id": name, "text": text, "expect": came}


def _broken(row: tuple[str, bytes]) -> Case:
    name, data = row
    came = expected(lambda: {"canonical": dumps(loads(data)).decode()})
    hold(came, {"refused": INVALID}, name)
    return {"id": name, "hex": data.hex(), "expect": came}


def _number(name: str, bits: str, canonical: str | None) -> Case:
    number = struct.unpack(">d", bytes.fromhex(bits))[0]
    came = expected(lambda: {"canonical": dumps(number).decode()})
    hold(came.get("canonical"), canonical, name)
    return {"id": name, "ieee754": bits, "expect": came}


def _strict(name: str, text: str, is_legal: bool) -> Case:  # noqa: FBT001  # a column of a table
    hold(is_canonical(text.encode()), is_legal, name)
    expect = {"accepted": True} if is_legal else {"refused": INVALID}
    return {"id": name, "text": text, "expect": expect}


def _fingerprints() -> list[Case]:
    rows = {
        "nothing-observed": [],
        "one-rule": [("os", "linux")],
        "three-rules": [("arch", "x86_64"), ("os", "linux"), ("python", "3.12")],
        "three-rules-in-another-order": [("python", "3.12"), ("arch", "x86_64"), ("os", "linux")],
        "absent-command": [("command:git", ""), ("file:uv.lock", "ab" * 32)],
        "beyond-ascii": [("cwd", "/data/\u00fcber\u2028\U0001f600")],
    }
    return [
        {
            "id": name,
            "observations": [{"rule": rule, "value": value} for rule, value in seen],
            "expect": {"digest": fingerprint(Observation(rule=r, value=v) for r, v in seen).digest},
        }
        for name, seen in rows.items()
    ]


def _receipts() -> list[Case]:
    pack = "0123456789abcdef" * 4
    line = f'WRKR job_id=port-utils manifest=sha256:{pack} verify="wrkr verify port-utils"'
    hold(receipt_line("port-utils", pack), line, "receipt")
    rows = {
        "plain": (line, True),
        "white-space-around": (f"\n  {line}\r\n", True),
        "every-character-of-an-id": (line.replace("port-utils", "0a.b_c-d"), True),
        "another-job-in-the-command": (line.replace("verify port-utils", "verify other"), False),
        "capital-digits": (line.replace(pack, pack.upper()), False),
        "digest-too-short": (line.replace(pack, pack[1:]), False),
        "no-algorithm": (line.replace("sha256:", ""), False),
        "two-spaces": (line.replace("WRKR ", "WRKR  "), False),
        "dots-in-the-id": (line.replace("port-utils", "port..utils"), False),
        "path-in-the-id": (line.replace("port-utils", "../utils"), False),
        "something-behind": (f"{line} signed", False),
        "two-receipts": (f"{line}\n{line}", False),
        "nothing": ("", False),
    }
    cases: list[Case] = []
    for name, (text, is_read) in rows.items():

        def found(text: str = text) -> dict[str, Any]:
            read = read_receipt(text)
            again = receipt_line(read.job_id, read.pack_id)
            return {"job_id": read.job_id, "pack_id": read.pack_id, "line": again}

        came = expected(found)
        hold("refused" not in came, is_read, name)
        cases.append({"id": name, "text": text, "expect": came})
    return cases
