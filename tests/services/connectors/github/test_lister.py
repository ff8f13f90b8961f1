"""What a run lists, reads and fetches of a repository."""

import pytest

from schemas.errors import RequestError
from services.connectors import binary
from services.connectors.lister import Item, Skipped
from tests.services.connectors.github.git_server import GitServer
from tests.services.connectors.github.reading import Reader
from tests.services.connectors.github.repositories import Content, Link, Repository, Submodule, git


async def test_files_of_the_default_branch_are_listed_with_their_blobs_and_read(
    reader: Reader, repository: Repository
) -> None:
    sha = repository.commit({"README.md": "# hello\n", "docs/a.md": "a", "docs/b/c.py": "print()"})

    found = await reader.read("README.md", "docs/b/c.py")

    assert found.versions == repository.tree()
    assert found.contents == {"README.md": b"# hello\n", "docs/b/c.py": b"print()"}
    assert found.facts == {"commit": sha, "branch": "main", "blobs_fetched": 3}


async def test_one_changed_file_costs_one_blob_and_nothing_new_none(
    reader: Reader, repository: Repository, server: GitServer
) -> None:
    repository.commit({f"docs/{n:03}.md": f"document {n}" for n in range(300)})
    first = await reader.sync({})
    repository.commit({"docs/123.md": "changed"})
    reader.restart()
    changed = await reader.sync(first.versions)
    server.asked.clear()

    again = await reader.sync(changed.versions)

    assert first.facts["blobs_fetched"] == 300
    assert (changed.contents, changed.facts["blobs_fetched"]) == ({"docs/123.md": b"changed"}, 1)
    assert (again.contents, again.facts["blobs_fetched"]) == ({}, 0)
    assert [one.path.rpartition("/")[2] for one in server.asked] == ["refs", "git-upload-pack"]
    assert again.versions == repository.tree()


async def test_blobs_of_a_first_run_are_fetched_in_batches(
    reader: Reader, repository: Repository, server: GitServer
) -> None:
    repository.commit({f"{n:04}.md": f"document {n}" for n in range(2500)})

    found = await reader.sync({})

    assert len(found.contents) == 2500
    assert [len(one.wants) for one in server.fetches] == [1, 1000, 1000, 500]


async def test_a_collection_that_must_be_filled_again_costs_few_requests(
    reader: Reader, repository: Repository, server: GitServer
) -> None:
    """Nothing has changed, so no blob is expected to be read; then all of them are."""
    repository.commit({f"{n:04}.md": f"document {n}" for n in range(1000)})
    async with reader.opened(known=KnowsAll(repository.tree())) as lister:
        assert [entry async for page in lister.pages() for entry in page]
        assert lister.facts()["blobs_fetched"] == 0
        server.asked.clear()
        keys = sorted(repository.tree().items())
        first = await lister.read(Item(*keys[0]))
        assert (first.body, lister.facts()["blobs_fetched"]) == (b"document 0", 1)
        for key, version in keys[1:]:
            await lister.read(Item(key, version))

    assert len(server.fetches) <= 11
    assert sum(len(one.wants) for one in server.fetches) == 1000


class KnowsAll:
    """Every file was looked at by an earlier run."""

    def __init__(self, tree: dict[str, str]) -> None:
        self._tree = tree

    def keys(self) -> object:
        return iter(sorted(self._tree))

    def memo(self, key: str) -> bytes | None:
        return self._tree[key].encode()


async def test_patterns_choose_and_what_they_leave_out_is_not_fetched(
    reader: Reader, repository: Repository
) -> None:
    files: dict[str | bytes, Content] = {
        "readme.md": "r",
        "docs/x.md": "x",
        "docs/deep/y.md": "y",
        "a.py": "a",
        ".github/ci.yml": "c",
    }
    repository.commit(files)
    for globs, expected in {
        ("*",): sorted(map(str, files)),
        ("**/*",): sorted(map(str, files)),
        ("**/*.md",): ["docs/deep/y.md", "docs/x.md", "readme.md"],
        ("/docs/",): ["docs/deep/y.md", "docs/x.md"],
        ("*.md", "!/docs/deep/"): ["docs/x.md", "readme.md"],
    }.items():
        reader.config = reader.config.model_copy(update={"include_globs": list(globs)})
        assert sorted((await reader.read()).versions) == expected, globs

    assert repository.blob("readme.md") in reader.blobs()


async def test_other_patterns_bring_in_what_has_not_changed(reader: Reader, repository: Repository) -> None:
    repository.commit({"a.md": "a", "b.py": "b", "c.png": b"\x89PNG\0"})
    reader.config = reader.config.model_copy(update={"include_globs": ["*.md"]})
    await reader.read()
    assert reader.blobs() == {repository.blob("a.md")}

    reader.config = reader.config.model_copy(update={"include_globs": None})
    found = await reader.read("b.py")

    assert found.contents == {"b.py": b"b"}
    assert found.facts["blobs_fetched"] == 2
    assert found.listing.skipped == {"c.png": "a picture"}


async def test_what_is_no_document_is_skipped_with_the_reason_and_found_so_without_looking_again(
    reader: Reader, repository: Repository
) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"
    repository.commit(
        {
            "link": Link(b"/proc/self/environ"),
            "loop": Link(b"loop"),
            "sub": Submodule(),
            "tool.bin": b"\x7fELF\0\0",
            "logo.PNG": b"\x89PNG\r\n",
            "model.onnx": pointer,
            "utf16.txt": "ä".encode("utf-16"),
            "latin1.txt": "ä".encode("latin-1"),
            "paper.pdf": b"%PDF-1.7\0",
            "empty.txt": b"",
        }
    )
    first = await reader.read()
    again = await reader.read()

    assert first.listing.skipped == {
        "link": "a symbolic link, which is not followed",
        "loop": "a symbolic link, which is not followed",
        "sub": "a submodule, which is another repository",
        "tool.bin": "binary",
        "logo.PNG": "a picture",
        "model.onnx": "in Git LFS",
    }
    assert sorted(first.versions) == ["empty.txt", "latin1.txt", "paper.pdf", "utf16.txt"]
    assert again.listing == first.listing
    assert again.facts["blobs_fetched"] == 0


async def test_a_file_that_becomes_a_link_and_one_that_becomes_a_folder(
    reader: Reader, repository: Repository
) -> None:
    repository.commit({"a.md": "a", "b": "b", "target.md": "t"})
    await reader.read()
    repository.commit({"a.md": Link(b"target.md"), "b": None, "b/c.md": "c"})

    found = await reader.read()

    assert sorted(found.versions) == ["b/c.md", "target.md"]
    assert list(found.listing.skipped) == ["a.md"]


async def test_paths_are_bytes_and_come_in_their_order(reader: Reader, repository: Repository) -> None:
    names: list[str | bytes] = [
        *("a", "a.b", "a-c", "a0", "A", "README", "readme", "new\nline", "t\tab", 'q"uote', "Aufträge/é.md"),
        *("e\u0301.md", "é.md", "x/y", "x.y", "x0", "\U0001f600.md", "\uffff.md", b"latin-\xe9.md", "a b"),
    ]
    names.remove("a")
    names.append("a/b")
    repository.commit({name: f"content of {name!r}" for name in names})

    async with reader.opened() as lister:
        pages = [entry async for page in lister.pages() for entry in page]

    keys = [entry.key for entry in pages if not isinstance(entry, Skipped)]  # type: ignore[union-attr]
    as_bytes = [key.encode(errors="surrogateescape") for key in keys]
    assert as_bytes == sorted(name if isinstance(name, bytes) else name.encode() for name in names)
    assert len(reader.blobs()) == len(names)


async def test_a_rename_that_changes_only_the_case_is_another_document(
    reader: Reader, repository: Repository
) -> None:
    repository.commit({"Guide.md": "guide"})
    first = await reader.read()
    repository.commit({"Guide.md": None, "guide.md": "guide"})

    found = await reader.sync(first.versions)

    assert (list(found.versions), found.contents) == (["guide.md"], {"guide.md": b"guide"})
    assert found.facts["blobs_fetched"] == 0  # the same content


async def test_an_empty_repository_lists_nothing(reader: Reader, repository: Repository) -> None:
    found = await reader.read()
    assert (found.versions, found.facts) == ({}, {"blobs_fetched": 0})
    with pytest.raises(RequestError, match="no branch 'next'"):
        await reader.read(branch="next")
    repository.commit({"a.md": "a"})
    assert list((await reader.read()).versions) == ["a.md"]


async def test_a_repository_whose_hashes_are_sha256(reader: Reader, server: GitServer) -> None:
    repository = server.repository("owner/repo", "--object-format=sha256")
    sha = repository.commit({"a.md": "a", "b.md": "b"})

    found = await reader.read("a.md")
    by_hash = await reader.read(sha=sha)

    assert found.versions == by_hash.versions == repository.tree()
    assert (len(sha), found.contents) == (64, {"a.md": b"a"})


async def test_a_server_without_filters_is_read_all_the_same_and_the_run_says_so(
    reader: Reader, repository: Repository
) -> None:
    repository.commit({"a.md": "a", "b.md": "b"})
    git(repository.path, "config", "uploadpack.allowFilter", "false")

    found = await reader.read("a.md")

    assert found.contents == {"a.md": b"a"}
    assert "not supported" in found.facts["partial_clone"]
    assert found.versions == repository.tree()


async def test_a_binary_file_is_listed_by_the_first_release_that_reads_its_format(
    reader: Reader, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.md": "a", "plan.vsdx": b"PK\0\0"})
    with monkeypatch.context() as earlier:
        earlier.setattr(binary, "DOCUMENTS", frozenset({".pdf"}))
        first = await reader.sync({})
    reader.restart()

    found = await reader.sync(first.versions)

    assert first.listing.skipped == {"plan.vsdx": "binary"}
    assert found.contents == {"plan.vsdx": b"PK\0\0"}
