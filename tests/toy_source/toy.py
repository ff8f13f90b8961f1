"""`toy`: a list of texts in the source itself. As a module of `schemas.sources` would be."""

from schemas.base import Event, OwnBody
from schemas.sources.source_type import ShownRun, SourceType


class ToyConfig(Event):
    """The texts, by key."""

    shelf: str
    texts: dict[str, str]


class ToySource(OwnBody):
    """The texts, by key."""

    shelf: str
    texts: dict[str, str]


class ToyJob(OwnBody):
    """The shelf stands in the source."""


class Toy(SourceType[ToySource, ToyConfig]):
    """Documents are texts."""

    name = "toy"
    form = ToySource
    config = ToyConfig
    job = ToyJob

    def configure(self, form: ToySource) -> ToyConfig:
        """The same fields."""
        return ToyConfig(shelf=form.shelf, texts=form.texts)

    def form_of(self, config: ToyConfig) -> ToySource:
        """The same fields."""
        return ToySource(shelf=config.shelf, texts=config.texts)

    def job_of(self, run: ShownRun) -> ToyJob:
        """Empty."""
        return ToyJob()

    def shown(self, form: ToySource) -> str:
        """The shelf."""
        return f"the shelf {form.shelf}"

    def same_origin(self, one: ToyConfig, other: ToyConfig) -> bool:
        """The shelf; its texts may change."""
        return one.shelf == other.shelf


TOY = Toy()
