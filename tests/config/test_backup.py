"""The drill: back up, lose everything, restore, and find every organisation's every row behind its wall again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from accounts.models import Membership
from accounts.tenancy import roles
from accounts.tenancy.scope import tenant_scope
from config import env
from config.devstack.postgres import server_binaries
from tests.databases import as_superuser, current_name, superuser_password, url_of
from tests.make import make_deal
from tests.strategy import maven

ROOT = Path(__file__).resolve().parents[2]
RESTORED = "restored_by_the_drill"


def admin_url(database: str = "postgres") -> str:
    login = env.address(os.environ["DATABASE_URL"])
    return f"postgresql://postgres:{superuser_password()}@{login.host}:{login.port}/{database}"


def manage(*words: str, database: str, media: Path, **chosen: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **chosen}
    environment |= {"DATABASE_URL": url_of(database), "MEDIA_ROOT": str(media)}
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def back_up(folder: Path, media: Path, **chosen: str) -> subprocess.CompletedProcess[str]:
    words = ("backup", str(folder), "--pg-dump", str(server_binaries() / "pg_dump"))
    chosen.setdefault("DATABASE_ADMIN_URL", admin_url())
    return manage(*words, database=current_name(), media=media, **chosen)


def restore(dump: Path) -> None:
    """As docs/operating.md tells it."""
    roles.bootstrap(admin_url(), passwords={}, database=RESTORED, for_development=True)
    words = [server_binaries() / "pg_restore", "--clean", "--if-exists", "--exit-on-error"]
    words += ["--single-transaction", f"--dbname={admin_url(RESTORED)}", dump]
    subprocess.run(words, check=True)


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return tmp_path / "uploads"


@pytest.fixture
def two_organisations(transactional_db: None, lena: Membership, eve: Membership, media: Path) -> None:
    """Rows of most tables, files of one of them."""
    with tenant_scope(lena.tenant_id):
        maven.import_all(maven.FILES, actor=lena)
        maven.receive(maven.FILES, actor=lena)
    with tenant_scope(eve.tenant_id):
        make_deal(actor=eve, name="Žluťoučký kůň 🐴")


@pytest.fixture
def gone_after() -> Iterator[None]:
    yield
    with as_superuser() as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {RESTORED} WITH (FORCE)")


def test_a_restored_installation_is_the_same_behind_the_same_wall(
    two_organisations: None, gone_after: None, lena: Membership, eve: Membership, media: Path, tmp_path: Path
) -> None:
    folder, restored_media = tmp_path / "backup", tmp_path / "restored"
    made = back_up(folder, media)
    assert made.returncode == 0, made.stderr
    assert "2 organisations" in made.stdout
    assert {path.name for path in folder.iterdir()} == {"database.dump", "uploads.tar", "fingerprint.json"}
    assert [path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())] == [0] * 4

    restore(folder / "database.dump")
    with tarfile.open(folder / "uploads.tar") as archive:
        archive.extractall(restored_media, filter="data")
    here = {"database": RESTORED, "media": restored_media}

    same = manage("fingerprint", "--compare", str(folder / "fingerprint.json"), **here)  # type: ignore[arg-type]
    assert (same.returncode, same.stderr) == (0, "")
    assert "4 files" in same.stdout
    # Among others E007: the catalogue, with every wall, right, function and key.
    checked = manage("check", "--database", "default", **here)  # type: ignore[arg-type]
    assert (checked.returncode, "no issues" in checked.stdout) == (0, True), checked.stderr
    with psycopg.connect(url_of(RESTORED), autocommit=True) as web:
        with web.transaction():
            web.execute("SELECT set_config('app.tenant_id', %s, true)", [str(eve.tenant_id)])
            assert web.execute("SELECT name FROM strategy_deal").fetchall() == [("Žluťoučký kůň 🐴",)]
        with pytest.raises(psycopg.Error):
            web.execute("SELECT name FROM strategy_deal")
    # It goes on from there: keys are given, triggers mark, look-ups find.
    migrated = manage("migrate", "--check", **here, DATABASE_MIGRATE_URL=migrate_url(RESTORED))  # type: ignore[arg-type]
    assert migrated.returncode == 0, migrated.stderr


def migrate_url(database: str) -> str:
    return f"{os.environ['DATABASE_MIGRATE_URL'].rpartition('/')[0]}/{database}"


FIRST = "WHERE ctid = (SELECT min(ctid) FROM {})"


@pytest.mark.parametrize(
    ("table", "damage", "whose"),
    [
        ("strategy_deal", "UPDATE strategy_deal SET amount = amount + 1", "organisation"),
        ("activities_activitytype", "DELETE FROM activities_activitytype", "organisation"),
        ("accounts_user", "UPDATE accounts_user SET name = name || ' '", "everybody"),
    ],
)
def test_every_changed_or_missing_row_is_named_by_organisation_and_table(
    table: str, damage: str, whose: str, two_organisations: None, media: Path, tmp_path: Path
) -> None:
    file, here = tmp_path / "fingerprint.json", {"database": current_name(), "media": media}
    assert manage("fingerprint", "--to", str(file), **here).returncode == 0  # type: ignore[arg-type]
    with as_superuser(current_name()) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(f"{damage} {FIRST.format(table)}")
    different = manage("fingerprint", "--compare", str(file), **here)  # type: ignore[arg-type]
    assert different.returncode == 1
    assert table in different.stderr
    assert different.stderr.startswith(whose)
    assert "1 differences" in different.stderr


def test_a_lost_file_and_a_changed_one_are_named(two_organisations: None, media: Path, tmp_path: Path) -> None:
    file, here = tmp_path / "fingerprint.json", {"database": current_name(), "media": media}
    manage("fingerprint", "--to", str(file), **here)  # type: ignore[arg-type]
    assert "Žluť" not in file.read_text()
    first, second, *_ = sorted(path for path in media.rglob("*") if path.is_file())
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    different = manage("fingerprint", "--compare", str(file), **here)  # type: ignore[arg-type]
    assert different.stderr.count("files of") == 2
    assert "nothing now" in different.stderr


def test_a_backup_that_fails_leaves_nothing_that_looks_like_one(
    two_organisations: None, media: Path, tmp_path: Path
) -> None:
    wrong = admin_url().replace(superuser_password(), "wrong")
    failed = back_up(tmp_path / "backup", media, DATABASE_ADMIN_URL=wrong)
    assert (failed.returncode, "pg_dump failed" in failed.stderr) == (1, True)
    assert "wrong" not in failed.stderr
    assert not list(tmp_path.glob("*backup*"))
    (tmp_path / "backup").mkdir()
    assert "is there already" in back_up(tmp_path / "backup", media).stderr
    assert "--admin-url" in back_up(tmp_path / "other", media, DATABASE_ADMIN_URL="").stderr
    shutil.rmtree(tmp_path / "backup")


def test_the_web_role_alone_cannot_take_everything_with_it(
    two_organisations: None, media: Path, tmp_path: Path
) -> None:
    failed = back_up(tmp_path / "backup", media, DATABASE_ADMIN_URL=os.environ["DATABASE_URL"])
    assert (failed.returncode, "pg_dump failed" in failed.stderr) == (1, True)
    assert not (tmp_path / "backup").exists()
