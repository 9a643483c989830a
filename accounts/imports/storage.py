"""Where uploaded files wait for their import: by run, never served to anybody."""

from __future__ import annotations

from accounts.storage import Elsewhere, Shelf

SHELF = Shelf("imports")
folder, keep, path_of, forget = SHELF.folder, SHELF.keep, SHELF.path_of, SHELF.forget

__all__ = ["Elsewhere", "folder", "forget", "keep", "path_of"]
