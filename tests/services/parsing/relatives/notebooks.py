# ruff: noqa: E501 (markup reads best on one line)
"""Notebooks, books and flat files."""

from __future__ import annotations

import json
from typing import Any

from tests.services.parsing.relatives.case import Case


def _book(*cells: dict[str, Any], **metadata: Any) -> bytes:
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}
    ).encode()


def _code(source: str | list[str], *outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "source": source,
        "outputs": list(outputs),
        "metadata": {},
        "execution_count": 1,
    }


def _shown(**data: Any) -> dict[str, Any]:
    return {
        "output_type": "display_data",
        "data": {k.replace("_", "/", 1): v for k, v in data.items()},
        "metadata": {},
    }


CASES = [
    Case("the third version", "old.ipynb",
         json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [
             {"cell_type": "heading", "level": 2, "source": ["Levels"]}, {"cell_type": "markdown", "source": "Text"},
             {"cell_type": "code", "language": "python", "input": ["print(1)"], "outputs": [{"output_type": "stream", "stream": "stdout", "text": ["1\n"]}]}]}]}).encode(),
         has=["## Levels", "Text", "print(1)"]),
    Case("an error with colours", "e.ipynb", _book(_code("1/0", {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero",
         "traceback": ["\x1b[0;31mZeroDivisionError\x1b[0m: division by zero"]})), has=["ZeroDivisionError: division by zero"], lacks=["\x1b", "[0;31m"]),
    Case("a formula", "f.ipynb", _book(_code("x", _shown(text_latex=["$\\displaystyle x^2$"], text_plain="x**2"))), has=["x^2"]),
    Case("data in JSON", "j.ipynb", _book(_code("x", _shown(application_json={"level": 4.2, "gate": "north"}))), has=["level", "4.2", "north"]),
    Case("a table in HTML beside plain text", "h.ipynb",
         _book(_code("df", _shown(text_html=["<table><tr><th>Gate</th><th>Turns</th></tr>", "<tr><td>North</td><td>17</td></tr></table>"], text_plain="   Gate Turns"))),
         rows=[["Gate", "Turns"], ["North", "17"]]),
    Case("a bar of progress", "p.ipynb", _book(_code("run()", {"output_type": "stream", "name": "stderr", "text": " 10%\r 50%\r100% done\n"})), has=["100% done"], lacks=["50%"]),
    Case("an unformatted cell", "r.ipynb", _book({"cell_type": "raw", "source": "as it is", "metadata": {}}), has=["as it is"]),
    Case("a cell in another language", "m.ipynb", _book(_code("%%bash\nls -l")), has=["ls -l"]),
    Case("the language of the kernel", "k.ipynb", _book(_code("x <- 1"), kernelspec={"name": "ir", "language": "R"}, language_info={"name": "R"}), has=["```r\nx <- 1".replace("\n", " ")]),
    Case("a picture has no bytes in the text", "i.ipynb", _book(_code("plot()", _shown(image_png="iVBORw0KGgo" * 50, text_plain="<Figure size 640x480>"))), has=["plot()"], lacks=["iVBORw0KGgo"]),
]  # fmt: skip
