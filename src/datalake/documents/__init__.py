"""Configuration files read as text with places, and the declarations that turn them into values."""

from datalake.documents.nodes import Mapping, Place, Problem, did_you_mean, listed
from datalake.documents.overlay import overlay
from datalake.documents.text import Document, parse

__all__ = ["Document", "Mapping", "Place", "Problem", "did_you_mean", "listed", "overlay", "parse"]
