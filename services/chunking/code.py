"""Where source code may be cut: between definitions, else between the statements of what is too big."""

import re
import time
from functools import cache

from tree_sitter import Node, Parser, Tree

from schemas.errors import DocumentTooLarge
from services.chunking.chunk import Scope
from services.chunking.languages import Grammar, load
from services.chunking.packing import BLOCK, GLUED, INLINE, INNER, LINE, SECTION, Cuts
from services.chunking.prose import refine

#: Seconds that a grammar may take for one document. Healthy grammars parse 3 to 20 MB/s, so this is
#: generous for the largest text we accept; a grammar that needs more is stuck on this document.
PARSE_SECONDS = 60.0

#: Kinds of nodes, told from the names that grammars give them. Checked in this order.
_COMMENT = re.compile(r"comment|^(attribute_item|attribute_list|decorator|annotation|doc|pod)$")
_ATOM = re.compile(r"string|heredoc|char|regex|raw_text|template_literal|cdata|CData", re.I)
_DEFINITION = r"(definition|declaration|item|def|specifier|statement|spec|block|signature|method|body|pair)?$"
_FUNCTION = re.compile(
    r"^(\w+_)?(function|method|constructor|destructor|lambda|closure|accessor|getter|setter|init|deinit|"
    r"procedure|subroutine|sub|macro|modifier|operator|singleton_method|fn|func)_?" + _DEFINITION
)
_CONTAINER = re.compile(
    r"^(\w+_)?(class|interface|struct|trait|impl|enum|union|record|namespace|module|mod|object|extension|"
    r"protocol|companion_object|contract|library|package|type|foreign_mod|implementation|category|internal)_?"
    + _DEFINITION
)
#: What only holds others: it is looked into, and what it holds counts as if it stood one level up.
_TRANSPARENT = re.compile(
    r"body|block|declaration_list|field_declaration_list|compound_statement|suite|statements|members|"
    r"decorated_definition|export_statement|template_declaration|ambient_declaration|linkage_specification|"
    r"preproc_if|preproc_ifdef|preproc_else|preproc_elif|source_file|program|module|translation_unit|"
    r"compilation_unit|document|stream|object$|array$|element|stylesheet|toplevel"
)

PLAIN, COMMENT, ATOM, FUNCTION, CONTAINER, TRANSPARENT = range(6)


@cache
def _kind(node_type: str) -> int:
    if _COMMENT.search(node_type):
        return COMMENT
    if _ATOM.search(node_type):
        return ATOM
    if _FUNCTION.match(node_type):
        return FUNCTION
    if _CONTAINER.match(node_type):
        return CONTAINER
    return TRANSPARENT if _TRANSPARENT.search(node_type) else PLAIN


def cut_code(source: bytes, grammar: Grammar, limit: int) -> tuple[Cuts, list[Scope]]:
    """Places where `source` may be cut, with their prices, and the definitions too big for one chunk.

    Raises:
        DocumentTooLarge: the grammar needs more than `PARSE_SECONDS`.
    """
    cuts: Cuts = {}
    scopes: list[Scope] = []
    if len(source) > limit:
        tree = _parse(source, grammar)
        _walk(tree.root_node, source, grammar, limit, cuts, scopes)
        refine(source, cuts, limit)
    return cuts, scopes


def _parse(source: bytes, grammar: Grammar) -> Tree:
    deadline = time.monotonic() + PARSE_SECONDS

    def overdue(_offset: int, _has_error: bool) -> bool:
        return time.monotonic() > deadline

    parser = Parser(load(grammar))
    try:
        # A callback for progress is only asked when the source comes from a callback, too.
        tree = parser.parse(
            lambda offset, _point: source[offset : offset + 65_536], progress_callback=overdue
        )
    except ValueError as error:
        raise DocumentTooLarge(
            f"the {grammar.language} grammar did not parse {len(source):,} bytes within {PARSE_SECONDS:.0f} s"
        ) from error
    return tree


def _walk(root: Node, source: bytes, grammar: Grammar, limit: int, cuts: Cuts, scopes: list[Scope]) -> None:
    """Collect cuts before the children of every node that is too big, parents first."""
    half = limit // 2
    todo: list[tuple[Node, bool, int]] = [(root, True, 0)]  # node, are its children members, depth
    while todo:
        node, members, depth = todo.pop()
        previous_end = node.start_byte
        previous_kind = PLAIN
        price = (SECTION if members else INNER) + 10 * min(depth, 15)
        for child in node.children:
            if not child.is_named:
                previous_end = child.end_byte
                continue
            start, end = child.start_byte, child.end_byte
            kind = _kind(child.type)
            gap = source[max(previous_end - 1, 0) : start]
            breaks = gap.count(b"\n")
            if start > previous_end or breaks:
                position = start
                if not breaks:
                    cost = INLINE + 10 * min(depth, 15)
                else:
                    position = start - len(gap) + gap.rfind(b"\n") + 1
                    if previous_kind == COMMENT and breaks == 1:
                        cost = GLUED
                    elif members and kind == PLAIN and not grammar.data:
                        cost = price + BLOCK - SECTION
                    else:
                        cost = price
                    if breaks > 1:
                        cost -= 5
                if cost < cuts.get(position, 1 << 30) and position:
                    cuts[position] = cost
            elif start > node.start_byte:
                cuts.setdefault(start, INLINE + 10 * min(depth, 15))
            size = end - start
            if size > limit or (size > half and kind in (PLAIN, TRANSPARENT)):
                if kind in (FUNCTION, CONTAINER) and size > limit and not grammar.data:
                    scopes.append(Scope(start, end, _label(child, source)))
                if kind in (ATOM, COMMENT):
                    _cut_lines(source, start, end, cuts)
                elif child.child_count:
                    inside = grammar.data or kind == CONTAINER or (members and kind == TRANSPARENT)
                    todo.append((child, inside, depth + 1))
            previous_end, previous_kind = end, kind
    scopes.sort(key=lambda scope: (scope.start, -scope.end))


def _cut_lines(source: bytes, start: int, end: int, cuts: Cuts) -> None:
    """Cuts at the line ends of a comment or string that no chunk can hold."""
    position = source.find(b"\n", start, end) + 1
    while position:
        cuts.setdefault(position, LINE)
        position = source.find(b"\n", position, end) + 1


#: A decorator, annotation or attribute in front of a definition.
_PREFIX = re.compile(r"^(@[\w.]+(\([^()]*\))?|#!?\[[^\]]*\]|\[[^\]]*\])\s*")


def _label(node: Node, source: bytes) -> str:
    """The signature of a definition up to its name: `class Client`, `async def send`, `func (c *C) Send`."""
    start = node.start_byte
    inner = node.child_by_field_name("definition") or node.child_by_field_name("declaration") or node
    name = inner.child_by_field_name("name") or inner.child_by_field_name("declarator")
    body = inner.child_by_field_name("body")
    end = name.end_byte if name else body.start_byte if body else min(start + 200, node.end_byte)
    text = source[inner.start_byte : max(end, inner.start_byte + 1)].decode(errors="ignore")
    while match := _PREFIX.match(text):
        text = text[match.end() :]
    if not name:
        text = text.partition("\n")[0]
    text = " ".join(text.split("(")[0].split() if name and name.type.endswith("declarator") else text.split())
    return text.rstrip(" {:=")[:80] or node.type
