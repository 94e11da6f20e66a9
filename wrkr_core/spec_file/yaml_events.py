"""PyYAML's events to values and lines, so that nothing is built before it is allowed.

Bounded while reading: nesting, the number of values, and what aliases unfold to (a few hundred
bytes of aliases of aliases can stand for a billion values). Aliases are shared until then. Refused:
tags, more than one document, keys that are not text, merge keys (``<<``), which are no part of
YAML 1.2. What unquoted words mean is in ``scalars``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from wrkr_core.spec_file.flaws import DEEPEST, MOST_VALUES, TOO_DEEP, Scalar
from wrkr_core.spec_file.places import Document
from wrkr_core.spec_file.problems import Path, Problem, shown
from wrkr_core.spec_file.scalars import resolve

if TYPE_CHECKING:
    from wrkr_core.spec_file.places import Source

MOST_CHARACTERS: Final = 2**20
"""How long all texts of one file may be together, the aliases unfolded."""


@attrs.frozen(kw_only=True)
class Node:
    """A value as it was written, with what unfolding its aliases would make of it."""

    content: list[Node] | dict[str, tuple[int, Node]] | Scalar
    offset: int
    values: int = 1
    characters: int = 0
    height: int = 0
    is_plain: bool = False


@attrs.define(kw_only=True)
class Frame:
    """A list or mapping that is still open; ``key`` (None if unusable) waits for its value."""

    path: Path
    offset: int
    anchor: str | None
    content: list[Node] | dict[str, tuple[int, Node]]
    key: tuple[int, str | None] | None = None
    values: int = 1
    characters: int = 0
    height: int = 0


class Building:
    """Takes PyYAML's events one after another and makes a document of them."""

    def __init__(self, source: Source) -> None:
        """Begin with nothing read; ``offset`` is where the last event began."""
        self.offset = 0
        self._source = source
        self._frames: list[Frame] = []
        self._anchors: dict[str, Node] = {}
        self._problems: list[Problem] = []
        self._root: Node | None = None
        self._count = 0

    def take(self, kind: str, event: Any) -> None:  # noqa: ANN401  # PyYAML has no types for them
        """Take the next event."""
        offset: int = event.start_mark.index
        self.offset = offset
        if kind == "DocumentStartEvent" and self._root is not None:
            raise self._source.refusal(offset, "a second document begins; a spec is one document")
        if kind in {"MappingStartEvent", "SequenceStartEvent", "ScalarEvent"}:
            self._begin(event, offset)
        if kind == "ScalarEvent":
            text: str = event.value
            content = resolve(text) if event.style is None else text
            self._add(
                Node(
                    content=content,
                    offset=offset,
                    characters=len(text),
                    is_plain=event.style is None,
                ),
                event.anchor,
            )
        elif kind == "AliasEvent":
            self._add(self._meant_by(event.anchor, offset), None)
        elif kind in {"MappingStartEvent", "SequenceStartEvent"}:
            self._open({} if kind == "MappingStartEvent" else [], offset, event.anchor)
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self._close()

    def document(self) -> Document:
        """Return everything that was taken."""
        if self._root is None:
            raise self._source.refusal(0, "the file is empty; a spec needs at least a name")
        lines: dict[Path, int] = {}
        value = self._unfolded(self._root, (), lines)
        return Document(value=value, lines=lines, problems=tuple(self._problems))

    def _begin(self, event: Any, offset: int) -> None:  # noqa: ANN401  # PyYAML has no types
        self._count += 1
        if self._count > 2 * MOST_VALUES:  # each with its key
            raise self._source.refusal(offset, f"more than {MOST_VALUES} values; a spec is smaller")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._note(offset, f"the tag {shown(tag)} is not read; write the plain value")

    def _open(
        self, content: list[Node] | dict[str, tuple[int, Node]], offset: int, anchor: str | None
    ) -> None:
        if len(self._frames) > DEEPEST:
            raise self._source.refusal(offset, TOO_DEEP, self._here())
        frame = Frame(path=self._here(), offset=offset, anchor=anchor, content=content)
        if anchor is not None:
            self._anchors.pop(anchor, None)  # from here on the name means what is not complete yet
        self._frames.append(frame)

    def _close(self) -> None:
        frame = self._frames.pop()
        node = Node(
            content=frame.content,
            offset=frame.offset,
            values=frame.values,
            characters=frame.characters,
            height=frame.height + 1,
        )
        self._add(node, frame.anchor)

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._frames:
            self._root = node
            return
        frame = self._frames[-1]
        frame.characters += node.characters
        if isinstance(frame.content, dict) and frame.key is None:
            frame.key = (node.offset, self._key(node))
            return
        frame.values += node.values
        frame.height = max(frame.height, node.height)
        if frame.values > MOST_VALUES or frame.characters > MOST_CHARACTERS:
            raise self._source.refusal(
                node.offset,
                f"more than {MOST_VALUES} values or {MOST_CHARACTERS} characters,"
                " with the aliases unfolded; a spec is smaller",
                self._here(),
            )
        if isinstance(frame.content, list):
            frame.content.append(node)
        elif frame.key is not None:
            offset, key = frame.key
            frame.key = None
            self._put(frame.content, offset, key, node)

    def _put(
        self, content: dict[str, tuple[int, Node]], offset: int, key: str | None, node: Node
    ) -> None:
        if key is None:
            return
        if key in content:
            first = self._source.line_at(content[key][0])
            path = (*self._frames[-1].path, key)
            message = f"the key is written twice; the first is on line {first}"
            self._problems.append(Problem(path, message, self._source.line_at(offset)))
        else:
            content[key] = (offset, node)

    def _key(self, node: Node) -> str | None:
        """Return what a key says, or None, noting why, if it cannot be one."""
        if node.is_plain and node.content == "<<":
            self._note(node.offset, "merge keys (<<) are not read; write the keys out")
        elif isinstance(node.content, str):
            return node.content
        elif node.height or not node.characters:
            self._note(node.offset, "this key is not text; put it in quotes")
        else:
            written = self._source.text[node.offset : node.offset + node.characters]
            self._note(node.offset, f"the key {written:.60} is not text; write '{written:.60}'")
        return None

    def _meant_by(self, anchor: str, offset: int) -> Node:
        node = self._anchors.get(anchor)
        if node is None:
            said = f"the alias *{anchor:.40} has no complete value before it"
            raise self._source.refusal(offset, said, self._here())
        if len(self._frames) + node.height > DEEPEST + 1:
            raise self._source.refusal(offset, TOO_DEEP, self._here())
        return node

    def _here(self) -> Path:
        """Return the path of the value that comes next."""
        if not self._frames:
            return ()
        frame = self._frames[-1]
        if isinstance(frame.content, list):
            return (*frame.path, len(frame.content))
        key = frame.key[1] if frame.key is not None else None
        return frame.path if key is None else (*frame.path, key)

    def _note(self, offset: int, message: str) -> None:
        self._problems.append(Problem(self._here(), message, self._source.line_at(offset)))

    def _unfolded(self, node: Node, path: Path, lines: dict[Path, int]) -> object:
        lines.setdefault(path, self._source.line_at(node.offset))
        if isinstance(node.content, list):
            return [
                self._unfolded(item, (*path, index), lines)
                for index, item in enumerate(node.content)
            ]
        if isinstance(node.content, dict):
            value: dict[str, object] = {}
            for key, (offset, member) in node.content.items():
                lines[*path, key] = self._source.line_at(offset)
                value[key] = self._unfolded(member, (*path, key), lines)
            return value
        return node.content
