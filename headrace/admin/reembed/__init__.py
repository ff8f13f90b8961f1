"""`headrace reembed`: embed a collection again with another model, beside it, and switch.

    rows of the old collection ──► texts ──► embedding service ──► rows of the new collection
    document-states ──► documents that change meanwhile ──► copied again
    all partitions of `embeddings` wait ──► last changes ──► old renamed, new gets the name ──► go on

Nothing is fetched, parsed or cut again. The new collection is the record of what is done, so a command that
dies is run again and continues.
"""

from headrace.admin.reembed.command import Outcome, Told, reembed
from headrace.admin.reembed.texts import Gateway

__all__ = ["Gateway", "Outcome", "Told", "reembed"]
