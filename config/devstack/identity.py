"""Under which user PostgreSQL runs when root starts the stack: it refuses to be root."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config.devstack.refusals import Refused

NOBODY = 65534
# Root seen as nobody: a namespace of its own, in which the files of root are nobody's.
AS_MAPPED_NOBODY = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
# A real change of user, for containers that forbid namespaces. The one capability that is kept, and counted in
# access() too by the last option, lets the server reach its programs and data below a closed home folder.
AS_REAL_NOBODY = (
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
    "--",
)


@dataclass(frozen=True)
class Identity:
    """`run_as` goes before the command line; `uid` is who must own the server's files."""

    run_as: tuple[str, ...]
    uid: int

    def own(self, folder: Path) -> None:
        """Give the folder and everything in it to the server's user, where it is not yet."""
        if os.geteuid() != 0 or folder.stat().st_uid == self.uid:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.uid, self.uid, follow_symlinks=False)


@cache
def server_identity() -> Identity:
    """Whom to run the database server as. Raises Refused where root cannot be anybody else."""
    if os.geteuid() != 0:
        return Identity((), os.geteuid())
    for run_as, uid in ((AS_MAPPED_NOBODY, 0), (AS_REAL_NOBODY, NOBODY)):
        if _works(run_as):
            return Identity(run_as, uid)
    raise Refused(
        "PostgreSQL does not run as root, and here root may become nobody neither by unshare nor by setpriv. "
        "Start the stack as a plain user, or give it a database with DATABASE_URL and DATABASE_MIGRATE_URL."
    )


def _works(run_as: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*run_as, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
