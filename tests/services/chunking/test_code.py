"""Code is cut between definitions, and says where each piece lives."""

import pytest

from services.chunking import chunk, code
from tests.services.chunking.laws import assert_laws
from tests.services.chunking.samples import FILENAMES, SAMPLES, repeated

_LONG = "\n".join(f"        step_{n} = run({n})" for n in range(40))
_CLIENT = f'''class Client:
    """Talks."""

    @property
    def host(self):
        return self.url

    async def send(self, body):
{_LONG}
        return step_39


def main():
    pass
'''


@pytest.mark.parametrize("language", SAMPLES)
def test_definitions_stay_whole_with_the_comment_in_front_of_them(language: str) -> None:
    text = SAMPLES[language]
    chunks = chunk(text, FILENAMES[language], None, 150)

    assert len(chunks) > 3
    assert {piece.language for piece in chunks} == {language}
    assert {piece.strategy for piece in chunks} == {"tree_sitter"}
    for piece in chunks[1:]:
        first = piece.text.lstrip()
        assert first.startswith(("// Adds", "# Adds", "-- Adds")), f"a chunk starts with {first[:30]!r}"


@pytest.mark.parametrize("language", SAMPLES)
def test_small_neighbours_are_merged(language: str) -> None:
    text = SAMPLES[language]

    assert len(chunk(text, FILENAMES[language], None, 4096)) == 1
    assert len(chunk(text, FILENAMES[language], None, 600)) <= 2 * len(text.encode()) / 600 + 1


def test_a_definition_too_big_is_cut_between_its_statements_and_named_in_the_context() -> None:
    chunks = chunk(_CLIENT, "client.py", None, 300)

    inside = [piece for piece in chunks if piece.context == "class Client › async def send"]
    assert len(inside) >= 3
    assert all(piece.text.lstrip().startswith(("step_", "return")) for piece in inside)
    assert [piece.context for piece in chunks if "@property" in piece.text] in (["class Client"], [""])
    assert chunks[-1].text == "def main():\n    pass"
    assert chunks[-1].context == ""


def test_a_definition_too_big_is_cut_into_no_more_pieces_than_it_takes() -> None:
    branch = "    if step == @@:\n" + "".join(f"        call_{n}(step, @@)\n" for n in range(6))
    text = "def send(step):\n" + repeated(branch, 5)
    limit = 450

    assert len(branch) > limit / 3  # of whole branches a chunk would hold two, so there would be three chunks
    assert limit < len(text.rstrip()) <= 2 * limit
    assert len(chunk(text, "a.py", None, limit)) == 2


def test_decorators_stay_with_their_function() -> None:
    text = repeated("@route('/@@')\n@cached\ndef handler_@@(request):\n    return render(request, @@)\n", 20)

    for piece in chunk(text, "a.py", None, 200):
        assert piece.text.startswith("@route")


def test_attributes_and_doc_comments_stay_with_their_item() -> None:
    text = repeated("/// Item @@.\n#[derive(Debug)]\npub struct Item@@ {\n    pub value: u64,\n}\n", 20)

    for piece in chunk(text, "a.rs", None, 200):
        assert piece.text.startswith("/// Item")


def test_a_comment_behind_a_line_belongs_to_that_line() -> None:
    text = "VALUES = [\n" + "".join(f"    {n},  # the value number {n}\n" for n in range(40)) + "]\n"

    for piece in chunk(text, "a.py", None, 200)[1:]:
        assert piece.text.lstrip()[0].isdigit()


def test_strings_are_not_cut_when_they_fit() -> None:
    text = repeated('NAME_@@ = """\nfirst line of @@\n\nsecond line of @@\n"""\n', 20)

    for piece in chunk(text, "a.py", None, 150):
        assert piece.text.count('"""') % 2 == 0


@pytest.mark.parametrize(
    ("filename", "opening", "context"),
    [
        ("a.go", "func (c *Client) Send(x int) {", "func (c *Client) Send"),
        ("a.rs", "impl Display for Client {\nfn send(x: i32) {", "impl Display for Client › fn send"),
        ("a.java", "public class Client {\nvoid send(int x) {", "public class Client › void send"),
        ("a.ts", "export class Client {\nsend(x: number) {", "class Client › send"),
        ("a.ts", "const send = (x: number) => {", "send"),
        ("a.c", "static int send(int x) {", "static int send"),
    ],
)
def test_the_context_is_the_signature_up_to_the_name(filename: str, opening: str, context: str) -> None:
    body = "".join(f"  call_{n}({n});\n" for n in range(60))
    text = f"{opening}\n{body}{'}' * opening.count('{')}\n"

    assert chunk(text, filename, None, 200)[2].context == context


def test_data_names_the_keys_that_a_chunk_is_under() -> None:
    values = ",\n".join(f'    "key_{n}": {n}' for n in range(40))

    assert chunk(f'{{"a": {{\n  "b": {{\n{values}\n}}}}}}\n', "a.json", None, 100)[2].context == "a › b"
    assert chunk("[" * 40 + f'{{"k": {{\n{values}}}}}', "a.json", None, 100)[2].context == "k"
    assert chunk(f"a:\n{values.replace(',', '')}\n", "a.yaml", None, 100)[2].context == "a"
    assert chunk("[tool.x]\n" + repeated("k@@ = @@", 40), "a.toml", None, 100)[2].context == "tool.x"


def test_lines_of_context_name_only_what_the_chunk_starts_inside_of() -> None:
    text = "class A:\n" + repeated("    def f_@@(self):\n        return @@\n", 30) + "\nclass B:\n    x = 1\n"
    chunks = chunk(text, "a.py", None, 200)

    assert chunks[0].context == ""
    assert {piece.context for piece in chunks[1:-1]} == {"class A"}
    assert chunks[-1].text.startswith("class B")
    assert chunks[-1].context == ""


def test_a_grammar_that_does_not_finish_leaves_the_document_to_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(code, "PARSE_SECONDS", -1e9)
    text = SAMPLES["python"] * 40

    chunks = chunk(text, "a.py", None, 300)

    assert {(piece.strategy, piece.language) for piece in chunks} == {("text", "python")}
    assert_laws(text, chunks, 300)


def test_a_file_too_big_for_a_grammar_is_cut_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "MAX_PARSE_BYTES", 400)

    assert {piece.strategy for piece in chunk(SAMPLES["python"], "a.py", None, 300)} == {"text"}


def test_broken_code_is_cut_all_the_same() -> None:
    text = SAMPLES["java"].replace("}", "", 5).replace("(", "[", 3)

    assert_laws(text, chunk(text, "a.java", None, 200), 200)
