"""Where uploaded files are kept: by tenant, kind and owner, under names of ours, never served by their address."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from accounts.tenancy.scope import current_tenant_id

BLOCK = 256 * 1024


class Elsewhere(ValueError):
    """A name that leads out of its folder."""


class Shelf:
    """The files of one kind. Each of its folders, named by a key, belongs to one row of the current tenant."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def folder(self, key: UUID) -> Path:
        """The folder of one row of the current tenant."""
        return Path(settings.MEDIA_ROOT) / str(current_tenant_id()) / self.kind / str(key)

    def keep(self, key: UUID, content: BinaryIO) -> Path:
        """Write a copy of the content into the row's folder and return where it is."""
        place = self.folder(key)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = place / str(uuid.uuid4())
        content.seek(0)
        with path.open("xb") as out:
            shutil.copyfileobj(content, out, BLOCK)
        path.chmod(0o600)
        return path

    def path_of(self, key: UUID, name: str) -> Path:
        """The place of a stored file by the name it was given. Raises Elsewhere for a name that leads out of it."""
        path = self.folder(key) / name
        if path.parent != self.folder(key) or name in ("", ".", ".."):
            raise Elsewhere(name)
        return path

    def left_before(self, moment: datetime) -> Iterator[tuple[UUID, list[Path]]]:
        """The files that were written before a moment, by the row they belong to."""
        place = Path(settings.MEDIA_ROOT) / str(current_tenant_id()) / self.kind
        for folder in sorted(place.glob("*")):
            old = [path for path in folder.iterdir() if path.stat().st_mtime < moment.timestamp()]
            if old:
                yield UUID(folder.name), old

    def forget(self, key: UUID, *, only: Iterable[Path] | None = None) -> None:
        """Remove a row's files (or some of them), and its folder when nothing is left in it."""
        place = self.folder(key)
        for path in only if only is not None else place.glob("*"):
            path.unlink(missing_ok=True)
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
