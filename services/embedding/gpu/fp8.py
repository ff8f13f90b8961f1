"""Matrix products in 8 bits (fp8, `float8_e4m3fn`), with a scale for each row of both sides.

weights, once    a scale per output channel ─┐
                                             ├─► product in fp8, summed in float32 ─► x both scales
activations      a scale per token ──────────┘

A scale maps the largest value of its row to the largest of the format. Tokens have scales of their own, so a
vector does not depend on its batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import structlog
import torch
import torch.nn.functional as nnf
from torch import Tensor

from schemas.errors import RequestError
from services.embedding.embedder import Vectors
from services.embedding.kernels import SAME_SPACE

log = structlog.get_logger(__name__)

_FP8 = torch.float8_e4m3fn
_LARGEST = torch.finfo(_FP8).max
#: Minimum cosine to the unquantised model, whose collections and cache it shares.
LEAST_COSINE = SAME_SPACE
#: A row of zeros has no scale of its own.
_LEAST = 1e-12

#: Texts whose vectors are compared: short, long, in several languages and scripts, code, numbers, a table.
PROBES = (
    "log",
    "How do I restart the server?",
    "A topic is divided into partitions, and each partition is an ordered log of records. " * 20,
    "Der Vertrag kann mit einer Frist von drei Monaten zum Jahresende gekündigt werden.",
    "Les résultats de l'étude n'ont été publiés qu'après la clôture de l'exercice.",
    "日本語の文章を検索するための短い例文です。",
    "Договор вступает в силу со дня его подписания обеими сторонами.",
    "يبدأ العمل بهذا القانون من تاريخ نشره في الجريدة الرسمية",
    "def add(a: int, b: int) -> int:\n    return a + b\n\n\nclass Stack:\n    items: list[int] = []\n" * 6,
    '{"id": 73314510714175488, "tags": ["a", "b"], "price": 12.5, "at": "2026-03-01T00:00:00Z"}',
    "| month | sold | returned |\n|---|---|---|\n| March | 1,204 | 17 |\n| April | 998 | 23 |\n",
    "<p>Hello&nbsp;<b>world</b></p>   \n\n\t!!! 🙂🙂",
)


@dataclass(frozen=True)
class Float8:
    """A matrix in fp8: `values` (outputs, inputs), `scales` (outputs, 1) in float32."""

    values: Tensor
    scales: Tensor
    #: The device has a kernel; otherwise values are widened, with the same result up to rounding.
    kernel: bool


#: A matrix of weights: (outputs, inputs).
Matrix: TypeAlias = "Tensor | Float8"


def project(hidden: Tensor, weight: Matrix) -> Tensor:
    """hidden x weightᵀ: (…, outputs), in the number format of `hidden`."""
    if isinstance(weight, Tensor):
        return nnf.linear(hidden, weight)
    rows = hidden.flatten(0, -2)
    values, scales = _quantised(rows)
    if weight.kernel:
        product = torch._scaled_mm(  # noqa: SLF001 – public from PyTorch 2.10 on, as scaled_mm
            values,
            weight.values.t(),
            scale_a=scales,
            scale_b=weight.scales.t(),
            out_dtype=hidden.dtype,
            use_fast_accum=hidden.device.type == "cuda",
        )
    else:
        summed = nnf.linear(values.float(), weight.values.float())
        product = (summed * scales * weight.scales.t()).to(hidden.dtype)
    return product.unflatten(0, hidden.shape[:-1])


def quantise(weight: Tensor, kernel: bool) -> Float8:
    """A matrix in fp8."""
    return Float8(*_quantised(weight), kernel)


def _quantised(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Rows in fp8 and the scale of each: (rows, 1), float32."""
    wide = rows.float()
    scales = wide.abs().amax(dim=-1, keepdim=True).clamp(min=_LEAST) / _LARGEST
    return (wide / scales).clamp(-_LARGEST, _LARGEST).to(_FP8), scales


def kernel_for(name: str, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether the device multiplies in fp8: a GPU. A CPU widens the values, which is faster there.

    Raises RequestError for a GPU that does not: widened weights would be slower than none.
    """
    if device.type == "cpu":
        return False
    ones = torch.ones((16, 16), device=device, dtype=dtype)
    try:
        project(ones, quantise(ones, kernel=True))
    except (RuntimeError, ValueError, NotImplementedError) as error:
        raise RequestError(
            f'{name!r} has quantization = "fp8", which {torch.cuda.get_device_name(device)} does not compute '
            f"with scales by row in {dtype} ({str(error).splitlines()[0][:200]}): remove quantization, or "
            'set dtype = "bfloat16" on a GPU of compute capability 8.9 or higher'
        ) from error
    return True


def prove_same_space(
    name: str, embed: Callable[[Sequence[str]], Vectors], quantised: Callable[[], None]
) -> None:
    """Quantise a model and compare its vectors of `PROBES` before and after.

    Args:
        embed: unit vectors of texts, of the model as it is.
        quantised: quantises the model.

    Raises RequestError if the least cosine is below `LEAST_COSINE`.
    """
    before = embed(PROBES)
    quantised()
    cosines = np.sum(before * embed(PROBES), axis=1)
    least = int(np.argmin(cosines))
    # Not "below": NaN is not below anything.
    if not cosines[least] >= LEAST_COSINE:
        raise RequestError(
            f'{name!r} has quantization = "fp8", which changes its vectors too much: cosine '
            f"{cosines[least]:.5f} to the unquantised ones for {PROBES[least][:40]!r}, expected at least "
            f'{LEAST_COSINE}. Remove quantization (dtype = "bfloat16" is as it was)'
        )
    log.info("fp8", model=name, least_cosine=round(float(cosines[least]), 5))
