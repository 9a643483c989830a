"""Where uploaded files wait for their import: by tenant and run, under names of ours, never served to anybody."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from accounts.tenancy.scope import current_tenant_id

BLOCK = 256 * 1024


class Elsewhere(ValueError):
    """A name that leads out of a run's folder."""


def folder(run_id: UUID) -> Path:
    """The folder of one run of the current tenant."""
    return Path(settings.MEDIA_ROOT) / str(current_tenant_id()) / "imports" / str(run_id)


def keep(run_id: UUID, content: BinaryIO) -> Path:
    """Write a copy of the content into the run's folder and return where it is."""
    place = folder(run_id)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = place / str(uuid.uuid4())
    content.seek(0)
    with path.open("xb") as out:
        shutil.copyfileobj(content, out, BLOCK)
    path.chmod(0o600)
    return path


def path_of(run_id: UUID, name: str) -> Path:
    """The place of a stored file by the name it was given. Raises Elsewhere for a name that leads out of it."""
    path = folder(run_id) / name
    if path.parent != folder(run_id) or name in ("", ".", ".."):
        raise Elsewhere(name)
    return path


def forget(run_id: UUID, *, only: Iterable[Path] | None = None) -> None:
    """Remove a run's files (or some of them), and its folder when nothing is left in it."""
    place = folder(run_id)
    for path in only if only is not None else place.glob("*"):
        path.unlink(missing_ok=True)
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()
