"""Possible cuts of source code: between definitions, else between the statements of a large definition."""

import re
import time
from functools import cache
from itertools import zip_longest

from tree_sitter import Node, Parser, Tree

from services.chunking.chunk import Scope
from services.chunking.labels import element_of, head_of, key_of, record_of, signature_of
from services.chunking.languages import Grammar, load
from services.chunking.markdown import cut_markdown
from services.chunking.markups import POD
from services.chunking.outline import outline
from services.chunking.packing import CHARACTER, GLUED, INLINE, INNER, LEVEL, LINE, SECTION, Cuts
from services.chunking.prose import refine
from services.chunking.titles import titles_in

#: Limit on the CPU seconds of a parse: per document, plus per megabyte. Grammars parse 2 to 20 MB/s. One that
#: takes longer loops (tree-sitter-typescript 0.23 does on some inputs with NUL characters).
PARSE_SECONDS = 5.0
PARSE_SECONDS_PER_MEGABYTE = 2.0

#: Larger files are cut as text: they are generated data rather than source. The largest tree seen, of an
#: array of digits, took 300 bytes per byte, so 4 MB keep a worker below some 1.2 GB.
MAX_PARSE_BYTES = 4_000_000

#: Deeper levels of nesting have the price of this one.
DEEPEST = 15
#: Added to the price of a statement that starts with a keyword: a chunk should not start with `else`.
KEYWORD = 400
#: A node that takes more than this share of a chunk offers cuts inside, even if it fits. A table or loop next
#: to definitions may stay whole; a function that must be cut needs fewer chunks if there are more cuts to
#: choose from (measured in docs/chunking.md).
ROOM_FOR_MEMBERS, ROOM_FOR_STATEMENTS = 1 / 2, 1 / 4

#: Macros of C that open and close what a header declares: `__BEGIN_DECLS`, `NS_ASSUME_NONNULL_END`.
_BRACKETING = re.compile(rb"^[A-Z_]{0,60}(?:BEGIN|END)[A-Z\d_]{0,60}(?=[ \t]*\r?$)", re.M)
#: What PostgreSQL adds to SQL: the rows of a dump, and programs of a few lines that run at once.
_ROWS = re.compile(
    rb"^(COPY [^;\n]{1,2000} FROM stdin)[^;\n]{0,200};\r?\n(?:(?!COPY |\\\.)[^\n]*\n)*+\\\.(?=\r?$)",
    re.M | re.I,
)
_PROGRAM = re.compile(rb"^DO\s{1,9}(\$\w{0,60}\$)(?:(?!\1)[^\n]|\n(?!DO\b)){2,4000}+\1", re.M | re.I)

#: Kinds of nodes by the names that grammars give them, checked in this order.
_COMMENT = re.compile(r"comment|^(attribute_item|attribute_list|decorator|annotation|doc|pod)$")
_ATOM = re.compile(r"string|heredoc|char|regex|raw_text|template_literal|cdata|CData", re.I)
_DEFINITION = r"(?:_?(?:definition|declaration|item|def|specifier|statement|spec|signature|method|pair))*$"
_FUNCTION = re.compile(
    r"^(\w+_)?(function|method|constructor|destructor|lambda|closure|accessor|getter|setter|init|deinit|"
    r"procedure|subroutine|sub|macro|modifier|operator|singleton_method|fn|func)" + _DEFINITION
)
_CONTAINER = re.compile(
    r"^(\w+_)?(class|interface|struct|trait|impl|enum|union|record|namespace|module|mod|object|extension|"
    r"protocol|companion_object|contract|library|package|type|foreign_mod|type_alias|implementation|category|internal)"
    + _DEFINITION
)
#: Nodes that only group others: their children count as if they were one level up.
_TRANSPARENT = re.compile(
    r"declaration_list|compound_statement|suite|statements|members|linkage_specification|"
    r"preproc_if|preproc_ifdef|preproc_else|preproc_elif|source_file|program|module|translation_unit|"
    r"compilation_unit|document|stream|object$|array$|element|stylesheet|toplevel"
)
_BODY = re.compile(r"(^|_)(body|block)$")
#: Nodes that wrap one definition.
_WRAPPER = re.compile(r"decorated_definition|export_statement|template_declaration|ambient_declaration")

#: Nodes that say what follows until the next one: a stage of a Dockerfile, a package of Perl.
_PARTS = ("from_instruction", "package_statement")

PLAIN, COMMENT, ATOM, FUNCTION, CONTAINER, WRAPPER, TRANSPARENT = range(7)


@cache
def _kind(node_type: str) -> int:
    if _COMMENT.search(node_type):
        return COMMENT
    if _ATOM.search(node_type) and node_type != "concatenated_string":
        return ATOM
    if _BODY.search(node_type):
        return TRANSPARENT
    if _WRAPPER.match(node_type):
        return WRAPPER
    if _FUNCTION.match(node_type):
        return FUNCTION
    if _CONTAINER.match(node_type):
        return CONTAINER
    return TRANSPARENT if _TRANSPARENT.search(node_type) else PLAIN


def cut_code(source: bytes, grammar: Grammar, limit: int) -> tuple[Cuts, list[Scope]] | None:
    """Possible cuts of `source` with their costs, and the definitions that are too big for one chunk.

    None if the source is too big for a grammar, or the grammar fails or times out; the source is then
    cut as plain text.
    """
    if len(source) > MAX_PARSE_BYTES:
        return None
    walker = _Walker(source, limit, grammar)
    if len(source) > limit:
        tree = _parse(source, grammar)
        if tree is None:
            return None
        walker.walk(tree.root_node)
        refine(source, walker.cuts, limit)
    return walker.cuts, walker.scopes


def _parse(source: bytes, grammar: Grammar) -> Tree | None:
    deadline = time.thread_time() + PARSE_SECONDS + PARSE_SECONDS_PER_MEGABYTE * len(source) / 1e6

    def overdue(_offset: int, _has_error: bool) -> bool:
        # Called every tenth of a millisecond; where a grammar recovers from errors, far less often.
        return time.thread_time() > deadline

    if grammar.language in ("c", "cpp", "objective-c"):
        source = _BRACKETING.sub(lambda macro: b" " * len(macro[0]), source)
    elif grammar.language == "sql":
        for unknown in (_ROWS, _PROGRAM):
            source = unknown.sub(lambda found: b"SELECT '%b'" % (b" " * (len(found[0]) - 9)), source)
    parser = Parser(load(grammar))
    try:
        # The runtime asks for progress only when it reads the source through a callback.
        return parser.parse(
            lambda offset, _point: source[offset : offset + 65_536], progress_callback=overdue
        )
    except ValueError:
        return None


class _Walker:
    """Finds cuts before the children of every node that is too big, from the root down.

    Nodes that fit are never entered, so the time grows with the number of chunks, not of tokens. An explicit
    stack replaces recursion, so nesting may have any depth.
    """

    def __init__(self, source: bytes, limit: int, grammar: Grammar) -> None:
        self.source, self.limit, self.grammar = source, limit, grammar
        self.cuts: Cuts = {}
        self.scopes: list[Scope] = []
        self.todo: list[tuple[Node, bool, int]] = []  # node, whether its children are members, depth

    def walk(self, root: Node) -> None:
        self.todo.append((root, True, 0))
        if root.type == "ERROR":
            self.scopes += outline(self.source, self.limit)
        if self.grammar.language == "sql":
            for rows in _ROWS.finditer(self.source):
                self.scopes.append(Scope(rows.start(), rows.end(), head_of(rows[1].decode(errors="ignore"))))
        parts = [child for child in root.children if child.type in _PARTS]
        for part, following in zip_longest(parts, parts[1:]):
            end = following.start_byte if following else len(self.source)
            self.scopes.append(Scope(part.start_byte, end, self.head(part)))
        while self.todo:
            self.visit(*self.todo.pop())
        self.scopes.sort(key=lambda scope: (scope.start, -scope.end))

    def visit(self, node: Node, members: bool, depth: int) -> None:
        """Add the cuts before the children of `node`, with their costs.

        Members belong to a file, a class or a data format; all other children are inside a function.
        """
        price = (SECTION if members else INNER) + LEVEL * min(depth, DEEPEST)
        body = node.child_by_field_name("body")
        head = body.start_byte if body else -1  # up to here a definition is its signature
        room = self.limit * (ROOM_FOR_MEMBERS if members else ROOM_FOR_STATEMENTS)
        before, glue, last = -1, False, node
        for child in node.children:
            start, end = child.start_byte, child.end_byte
            if child.type == "CharData" and not self.source[start:end].strip():
                continue  # the blanks between two elements of XML, which some grammars make a node
            if child.is_named:
                kind = _kind(child.type)
                if child.type == "unary_operator" and self.source[start : start + 1] == b"@":
                    kind = COMMENT  # an attribute of Elixir: what the definition below does
                breaks = self.cut_before(before, start, price, kind, glue or start <= head)
                glue = breaks and (kind == COMMENT or child.type == "signature")
                if end - start > room:
                    self.look_into(child, kind, end - start, members, depth, (node, last))
            elif end - start > 1 and child.type[0].isalpha():  # a keyword: `else` in a block, any in a macro
                self.cut_before(before, start, price + KEYWORD, PLAIN, glue or start <= head)
                glue = False
            before, last = end, child

    def cut_before(self, before: int, start: int, price: int, kind: int, glue: bool) -> bool:
        """Offer a cut before a child that starts at `start`, behind one that ends at `before`.

        Nothing is offered before a first child (`before` is -1): its parent starts there, too.
        Returns whether the child begins its line.
        """
        if before < 0:
            return True
        gap = self.source[max(before - 1, 0) : start]
        breaks = gap.count(b"\n")
        position = start
        if breaks:
            position += gap.rfind(b"\n") + 1 - len(gap)
            price += 5 if kind == PLAIN else 0
            if breaks == 1:
                price = GLUED if glue else price + 4
        else:
            price = price + INLINE - SECTION
        if price < self.cuts.get(position, CHARACTER):
            self.cuts[position] = price
        return breaks > 0

    def look_into(
        self, node: Node, kind: int, size: int, members: bool, depth: int, near: tuple[Node, Node]
    ) -> None:
        """Enter a node that is too big, or that fills much of a chunk without being a definition.

        `near` are the node around it and the one in front of it: asking for them takes time by the depth.
        """
        if size <= self.limit and kind not in (PLAIN, TRANSPARENT):
            return
        if kind in (ATOM, COMMENT):
            self.cut_text(node)
        elif node.child_count:
            if node.type == "ERROR":  # the grammar does not know what this is
                self.scopes += outline(self.source, self.limit, node.start_byte, node.end_byte)
            if label := self.label(node, kind, *near):
                self.scopes.append(Scope(node.start_byte, node.end_byte, label))
            inside = self.grammar.data or kind == CONTAINER or (members and kind in (WRAPPER, TRANSPARENT))
            self.todo.append((node, inside, depth + 1))

    def label(self, node: Node, kind: int, above: Node, before: Node) -> str:
        if node.type in self.grammar.headed.split():
            return self.head(node)
        if node.type == "element":
            return element_of(node, self.source)
        if (node.type, before.type) == ("compound_statement", "expression_statement"):
            beside = before.end_point[0] == node.start_point[0]
            return self.head(before) if beside else ""  # a macro
        if node.type == "block_sequence_item" or (node.type == "object" and above.type == "array"):
            return record_of(node, self.source)
        if self.grammar.data:
            return key_of(node, self.source)
        return signature_of(node, above, kind in (FUNCTION, CONTAINER), kind == CONTAINER, self.source)

    def head(self, node: Node) -> str:
        return head_of(self.source[node.start_byte : node.end_byte][:400].decode(errors="ignore"))

    def cut_text(self, node: Node) -> None:
        """Offer the line ends of a comment or string that is too big for a chunk, and what else it tells."""
        start, end = node.start_byte, node.end_byte
        if node.type == "pod":
            cuts, scopes = cut_markdown(
                self.source[start:end], self.limit, plain=True, titles=lambda text: titles_in(text, POD)
            )
            self.cuts |= {start + at: price for at, price in cuts.items() if 0 < at < end - start}
            self.scopes += [Scope(start + s.start, start + s.end, s.label) for s in scopes]
            return
        runs_on = "heredoc" in node.type and end >= len(self.source.rstrip())  # the grammar missed its end
        if runs_on or node.type == "raw_text":  # a script in a page
            self.scopes += outline(self.source, self.limit, start, end)
        position = self.source.find(b"\n", start, end) + 1
        while position:
            self.cuts.setdefault(position, LINE)
            position = self.source.find(b"\n", position, end) + 1
