"""The container deployment says every setting, ships no secret, and its pieces run. Docker itself is not needed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from redis import Redis, exceptions

from config import env
from config.devstack.broker import server_binary
from config.devstack.programs import QUEUES
from tests.config import compose
from tests.config.compose import ASKED, FILE, ROOT, SERVICES
from tests.databases import as_superuser, superuser_password
from tests.processes import free_port, wait_until
from tests.rules.test_settings_documented import names_read

#: Set to fixed values, made out of others, or nothing that a production says.
ELSEWHERE = {"DEBUG", "DATABASE_ROLE", "MEDIA_ROOT", "DATABASE_URL", "DATABASE_MIGRATE_URL", "DATABASE_ADMIN_URL"}
ELSEWHERE |= {"CELERY_BROKER_URL", "CACHE_URL"}
OF_DEVSTACK = {"WEB_HOST", "WEB_PORT", "PORT", "PG_BIN", "THROUGHLINE_STATE"}
#: Passwords that compose.yaml makes addresses of.
OF_COMPOSE = {"POSTGRES_PASSWORD", "TL_WEB_PASSWORD", "TL_MIGRATE_PASSWORD", "VALKEY_PASSWORD"}
PRODUCT = [name for name, service in SERVICES.items() if str(service["image"]).startswith("throughline:")]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(names_read()) - ELSEWHERE - OF_DEVSTACK - {"METRICS_LISTEN"}))
def test_every_setting_reaches_every_process(name: str) -> None:
    for service in PRODUCT:
        assert name in SERVICES[service]["environment"], f"compose.yaml: add {name}: ${{{name}:-}} to x-settings"


@pytest.mark.parametrize("service", PRODUCT)
def test_every_process_is_told_settings_only(service: str) -> None:
    told = set(SERVICES[service]["environment"])
    assert told - set(names_read()) == set()


def test_only_who_needs_it_may_change_tables_or_roles() -> None:
    for name, may in {"DATABASE_MIGRATE_URL": {"migrate", "roles"}, "DATABASE_ADMIN_URL": {"roles"}}.items():
        assert {service for service in PRODUCT if name in SERVICES[service]["environment"]} == may


@pytest.mark.parametrize("name", sorted(ASKED))
def test_what_compose_asks_for_stands_in_the_example(name: str) -> None:
    assert re.search(rf"^(# )?{name}=", EXAMPLE, re.MULTILINE) or name in OF_DEVSTACK, f".env.example: add {name}"


@pytest.mark.parametrize("name", sorted(set(names_read()) - OF_DEVSTACK))
def test_the_example_names_every_setting_with_its_default(name: str) -> None:
    found = re.search(rf"^(# )?{name}=(.*)$", EXAMPLE, re.MULTILINE)
    assert found, f".env.example: add # {name}="
    default = names_read()[name].default
    if found[1] and default and found[2] and name not in ELSEWHERE | {"METRICS_LISTEN"}:
        assert found[2] == default


def test_secrets_are_required_and_have_no_default() -> None:
    for name, (required, default) in ASKED.items():
        if ("PASSWORD" in name and name != "DEMO_PASSWORD") or name == "SECRET_KEY":
            assert required, name
        assert not default or name == "WEB_PORT", name


@pytest.mark.parametrize("image", sorted({service["image"] for service in SERVICES.values()}))
def test_images_are_pinned_to_a_version(image: str) -> None:
    assert re.search(r":\d+\.\d+", image), image


def test_the_image_is_pinned_hashed_and_runs_as_nobody_special() -> None:
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["python:3.11.14-slim-bookworm"] * 2
    assert "--require-hashes" in DOCKERFILE
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.index("collectstatic") < DOCKERFILE.index("\nUSER")


@pytest.mark.parametrize("service", PRODUCT)
def test_containers_may_little(service: str) -> None:
    said = SERVICES[service]
    assert (said["read_only"], said["cap_drop"]) == (True, ["ALL"])
    assert "no-new-privileges:true" in said["security_opt"]


def test_a_worker_takes_every_queue_and_pages_are_only_for_the_proxy() -> None:
    assert ",".join(QUEUES) in compose.command("worker")
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["web"]["ports"])


def test_nothing_starts_before_what_it_needs() -> None:
    for service in ("web", "worker", "beat"):
        assert SERVICES[service]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["depends_on"]["roles"]["condition"] == "service_completed_successfully"
    assert SERVICES["roles"]["depends_on"]["db"]["condition"] == "service_healthy"
    assert set(FILE["volumes"]) == {
        volume.split(":")[0] for one in SERVICES.values() for volume in one.get("volumes", [])
    }


def test_the_image_holds_all_that_serving_needs(tmp_path: Path) -> None:
    """Nothing but what the Dockerfile copies, told to do what it runs."""
    copied = re.findall(r"^COPY (?!--)(\S+) (\S+)$", DOCKERFILE, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for source, target in copied:
        assert f"!{source}" in ignored, source
        if source == "requirements.lock":
            continue
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, tmp_path / target)
    said = re.search(r"^RUN (SECRET_KEY.*?collectstatic --noinput)", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert said
    bare = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "THROUGHLINE_STATE": "/nonexistent"}
    made = subprocess.run(
        ["sh", "-c", said[1].replace("\\\n", "")], cwd=tmp_path, env=bare, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "staticfiles" / "staticfiles.json").exists()


def test_the_broker_starts_as_compose_says_and_wants_the_password(tmp_path: Path) -> None:
    shell, option, script = compose.command("broker")
    port = free_port()
    script = (
        script.replace("$$", "$")
        .replace("/data", str(tmp_path))
        .replace("exec valkey-server", f"exec {shlex.quote(str(server_binary()))}")
    )
    script = script.replace("appendonly", f"port {port}\nbind 127.0.0.1\nappendonly")
    process = subprocess.Popen([shell, option, script], env={**os.environ, "VALKEY_PASSWORD": "open-sesame"})
    try:

        def pong() -> bool:
            try:
                return bool(Redis(port=port, password="open-sesame").ping())
            except exceptions.ConnectionError:
                return False

        wait_until(pong, what="the broker")
        with pytest.raises(exceptions.AuthenticationError):
            Redis(port=port).ping()
    finally:
        process.terminate()
        process.wait(20)


def test_roles_get_the_passwords_that_the_settings_name() -> None:
    usual = env.address(os.environ["DATABASE_URL"])
    here = f"{usual.host}:{usual.port}"
    chosen = {
        "DATABASE_ADMIN_URL": f"postgresql://postgres:{superuser_password()}@{here}/postgres",
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "DATABASE_MIGRATE_URL": os.environ["DATABASE_MIGRATE_URL"],
    }

    def run(**other: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, *compose.command("roles")[1:], "--database", "made_by_compose", "--for-development"]
        return subprocess.run(
            words, cwd=ROOT, env={**os.environ, **chosen, **other}, capture_output=True, text=True, check=False
        )

    try:
        made = run()
        assert made.returncode == 0, made.stderr
        assert usual.password not in made.stdout
        with psycopg.connect(os.environ["DATABASE_URL"].rpartition("/")[0] + "/made_by_compose") as web:
            assert web.execute("SELECT current_user").fetchone() == ("tl_web",)
        refused = run(DATABASE_URL=f"postgresql://somebody:else@{here}/x")
        assert (refused.returncode, "has to name tl_web" in refused.stderr) == (1, True)
        nobody = run(DATABASE_ADMIN_URL="")
        assert (nobody.returncode, "--admin-url" in nobody.stderr) == (1, True)
    finally:
        with as_superuser() as admin:
            admin.execute("DROP DATABASE IF EXISTS made_by_compose WITH (FORCE)")


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
def test_docker_compose_understands_the_file(tmp_path: Path) -> None:
    filled = tmp_path / "env"
    filled.write_text("".join(f"{name}=x\n" for name, (required, _) in ASKED.items() if required))
    words = ["docker-compose", "--env-file", str(filled), "--file", str(ROOT / "compose.yaml"), "config", "--quiet"]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")
