"""Pages of the site that are not in docs/: those of the repository's root, lists of folders; and links within the site.

A hook of MkDocs (mkdocs.yml). Links are written for those who read the files in the repository. On the site a link to
a file that is on it leads there; of one to any other file of the repository the words stay.
"""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
#: Pages that are not in docs/, with their names on the site.
OTHERS = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
#: A link or picture in Markdown whose target is a path, not a URL or a fragment alone.
_LINK = re.compile(
    r"(?P<image>!?)\[(?P<words>(?:!\[[^\]]*\]\([^)]*\)|[^\[\]])*)\]"
    r"\((?P<path>(?![a-z]+:|#)[^)#\s]+)(?P<rest>[^)]*)\)"
)
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.MULTILINE | re.DOTALL)


def decisions(docs: Path = DOCS) -> list[str]:
    """The decision records, in order, as the site names them."""
    return [f"decisions/{each.name}" for each in sorted((docs / "decisions").glob("*.md"))]


def lists(docs: Path = DOCS) -> dict[str, str]:
    """Pages that list a folder, by their name on the site."""
    titles = {name: (docs / name).read_text("utf-8").split("\n", 1)[0].removeprefix("# ") for name in decisions(docs)}
    files = [each.relative_to(docs / "contract").as_posix() for each in sorted((docs / "contract").rglob("*.json"))]
    return {
        "decisions/index.md": "# Decisions\n\n"
        + "".join(f"- [{title}]({PurePosixPath(name).name})\n" for name, title in titles.items()),
        "contract/index.md": "# Contract\n\nFor programs. People read [the API](../api.md) and [the events]"
        "(../events.md).\n\n" + "".join(f"- [{name}]({name})\n" for name in files),
    }


def for_the_site(text: str, source: str, names: dict[str, str]) -> str:
    """Text whose links lead to pages of the site. `source` is the file, from the root of the repository.

    `names` is what is on the site, by the path of its file from that root; folders by theirs.
    """
    here = names[source]

    def link(found: re.Match[str]) -> str:
        words = _LINK.sub(link, found["words"])
        target = normpath(PurePosixPath(source).parent.joinpath(found["path"]).as_posix())
        if target not in names:
            return words
        there = relpath(names[target], PurePosixPath(here).parent.as_posix())
        return f"{found['image']}[{words}]({there}{found['rest']})"

    return "".join(part if index % 2 else _LINK.sub(link, part) for index, part in enumerate(_CODE.split(text)))


def on_config(config: Any) -> Any:
    """Put the decisions, their list first, where the navigation says."""

    def fill(entries: list[Any]) -> None:
        for entry in entries:
            for title, below in entry.items() if isinstance(entry, dict) else ():
                if title == "Decisions":
                    entry[title] = ["decisions/index.md", *decisions()]
                elif isinstance(below, list):
                    fill(below)

    fill(config.nav)
    return config


def on_files(files: Any, *, config: Any) -> Any:
    """Add what is not in docs/."""
    from mkdocs.structure.files import File  # noqa: PLC0415 - only the site's own environment has it

    others = {name: (ROOT / source).read_text("utf-8") for source, name in OTHERS.items()}
    for name, text in (others | lists()).items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, files: Any, config: Any) -> str:  # noqa: ARG001 - MkDocs' signature
    """Let the links of a page lead inside of the site."""
    names = {f"docs/{each.src_uri}": each.src_uri for each in files} | OTHERS
    names |= {"docs/decisions": "decisions/index.md", "docs/contract": "contract/index.md"}
    source = next((source for source, name in OTHERS.items() if name == page.file.src_uri), f"docs/{page.file.src_uri}")
    return for_the_site(markdown, source, names)
