"""Deeds around an import: taking files in, starting it with a person's answers, stopping it, going on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID

import structlog
import uuid_utils.compat
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.imports import examining, layouts, report, storage
from accounts.imports.problems import Unusable, say
from accounts.imports.survey import Survey, Surveyor, window
from accounts.models import ImportFile, ImportRun, Membership, Tenant
from accounts.permissions import require
from accounts.refusals import Invalid, Refused
from accounts.tasks import run_imports
from accounts.tenancy.scope import current_tenant_id, tenant_bound
from accounts.tenancy.tasks import HEADER

MAX_FILES = 20
# What nobody started, or went on with, for so long is given up with its files.
KEPT_FOR = timedelta(days=7)
log = structlog.get_logger(__name__)


class NothingToImport(Refused):
    """None of the files holds rows that can come in."""

    code = "nothing_to_import"
    status = 422
    sentence = _("Nothing in these files can be imported.")


class ImportNotWaiting(Refused):
    """The run was started, or is over."""

    code = "import_not_waiting"
    sentence = _("This import was already started.")


class ImportOver(Refused):
    """There is nothing left to stop or to go on with."""

    code = "import_over"
    sentence = _("This import is over.")


class Upload(NamedTuple):
    """A file that somebody gave: its name there, and its content."""

    name: str
    content: BinaryIO


class _Kept(NamedTuple):
    path: Path
    examined: examining.Examined
    survey: Survey


def receive_files(*, actor: Membership, uploads: Sequence[Upload], at: datetime, limit: int | None = None) -> ImportRun:
    """Keep the files, find out what they are, and prepare a run with guesses for every question.

    A file that cannot be used is left out and named in the run. Raises NothingToImport when no file is left, with a
    sentence for each, and keeps nothing then. `limit` is the size of all together, in bytes.
    """
    require(actor, "import.run")
    run = ImportRun(pk=uuid_utils.compat.uuid7(), actor=actor, created_at=at)
    tenant = Tenant.objects.get(pk=current_tenant_id())
    intake = _Intake(run, Surveyor(today=tenant.day_of(at)), limit or settings.IMPORT_MAX_BYTES)
    try:
        for upload in uploads[:MAX_FILES]:
            intake.take(upload)
        intake.close()
        if not intake.kept:
            told = " ".join(say(problem["code"], problem) for problem in intake.left_out)
            raise NothingToImport(fields={"files": told or str(_("Choose the files of your export."))})
        with transaction.atomic():
            _prepare(run, intake, tenant)
            _give_up_old(at)
            names = [kept.survey.name for kept in intake.kept]
            audit.record(verb="import.received", subject=run, actor=actor, at=at, source=run.preset, files=names)
    except BaseException:
        storage.forget(run.pk)
        raise
    return run


def _give_up_old(at: datetime) -> None:
    """People's data does not lie about because an import was forgotten."""
    states, long_ago = ImportRun.State, at - KEPT_FOR
    forgotten = Q(state=states.UPLOADED, created_at__lt=long_ago)
    left = Q(state__in=[states.CANCELLED, states.FAILED], finished_at__lt=long_ago)
    old = list(ImportRun.objects.filter(forgotten | left).values_list("pk", flat=True))
    ImportRun.objects.filter(forgotten).update(state=states.CANCELLED, finished_at=at)
    for run_id in old:
        transaction.on_commit(partial(_forget, run_id, current_tenant_id()), robust=True)


class _Intake:
    """Takes files one after the other; what is wrong with one does not stop the others."""

    def __init__(self, run: ImportRun, surveyor: Surveyor, limit: int) -> None:
        self.run, self.surveyor, self.room = run, surveyor, limit
        self.kept: list[_Kept] = []
        self.left_out: list[dict[str, Any]] = []

    def take(self, upload: Upload) -> None:
        """Keep one file if it is of use."""
        name = upload.name.replace("\\", "/").rsplit("/", 1)[-1][:150] or "?"
        path = None
        try:
            examined = examining.examine(upload.content, name=name, limit=self.room)
            self._refuse_twins(name, examined)
            path = storage.keep(self.run.pk, upload.content)
            survey = self.surveyor.look(path, encoding=examined.encoding, name=name)
        except Unusable as error:
            self.left_out.append({"code": error.code, **error.data})
            if path:
                storage.forget(self.run.pk, only=[path])
            return
        self.room -= examined.size
        self.kept.append(_Kept(path, examined, survey))

    def _refuse_twins(self, name: str, examined: examining.Examined) -> None:
        twin = next((kept for kept in self.kept if kept.examined.sha256 == examined.sha256), None)
        if twin:
            raise Unusable("file_twice", name=name, other=twin.survey.name)

    def close(self) -> None:
        """After the last file: compare them with each other."""
        for survey in self.surveyor.find_repeats():
            self.left_out.append({"code": "file_ids", "name": survey.name, "column": survey.layout.identity})
            self.kept = [kept for kept in self.kept if kept.survey is not survey]
        if all(kept.survey.layout.absorb is None for kept in self.kept):
            self.left_out += [{"code": "file_only_list", "name": kept.survey.name} for kept in self.kept]
            self.kept = []


def _prepare(run: ImportRun, intake: _Intake, tenant: Tenant) -> None:
    preset = intake.kept[0].survey.preset
    ordered = sorted(intake.kept, key=lambda kept: preset.order(kept.survey.layout.kind))
    details = [kept.survey.as_json() for kept in ordered]
    run.preset = preset.name
    run.observed_from, run.observed_until = window(details)
    run.rows_total = sum(kept.survey.rows for kept in ordered)
    run.mapping = {
        "currency": tenant.currency,
        "rate": "1",
        "left_out": intake.left_out,
        **{question.name: dict(question.guess(list(_values(question, ordered)))) for question in preset.questions},
    }
    run.save(force_insert=True)
    ImportFile.objects.bulk_create(
        ImportFile(
            run=run,
            name=kept.survey.name,
            kind=kept.survey.layout.kind,
            position=position,
            path=kept.path.name,
            size=kept.examined.size,
            sha256=kept.examined.sha256,
            encoding=kept.examined.encoding,
            rows=kept.survey.rows,
            details=found,
        )
        for position, (kept, found) in enumerate(zip(ordered, details, strict=True), 1)
    )


def _values(question: layouts.Question, kept: Sequence[_Kept]) -> dict[str, int]:
    """The values that a question is about, most frequent first."""
    counts: dict[str, int] = {}
    for one in kept:
        if one.survey.layout.kind == question.kind:
            for value, number in one.survey.values.get(question.column, {}).items():
                counts[value] = counts.get(value, 0) + number
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def start_import(
    *,
    run: ImportRun,
    actor: Membership,
    at: datetime,
    observed_from: date | None,
    observed_until: date | None,
    currency: str = "",
    rate: Decimal | None = None,
    answers: Mapping[str, Mapping[str, str]] | None = None,
    ring: bool = True,
) -> ImportRun:
    """Put the run in line, with what its person answered; what is left out keeps the guess.

    Whoever works it off themselves need not `ring` for the workers. Raises ImportNotWaiting when it was started
    before, Invalid with the fields that are wrong, NotAllowed.
    """
    require(actor, "import.run")
    tenant = Tenant.objects.get(pk=current_tenant_id())
    mapping = {**run.mapping, **_answered(run, answers or {})}
    mapping["currency"], mapping["rate"] = _money(tenant, currency or run.mapping["currency"], rate)
    if report.asks_window(run):
        _check_window(observed_from, observed_until, tenant.day_of(at))
    started = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.UPLOADED).update(
        state=ImportRun.State.QUEUED,
        queued_at=at,
        touched_at=at,
        mapping=mapping,
        observed_from=observed_from,
        observed_until=observed_until,
    )
    if not started:
        raise ImportNotWaiting()
    run.refresh_from_db()
    window_told = {"observed_from": str(observed_from or ""), "observed_until": str(observed_until or "")}
    audit.record(verb="import.started", subject=run, actor=actor, at=at, **window_told)
    if ring:
        _ring()
    return run


def _answered(run: ImportRun, answers: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Guesses replaced by answers. Raises Invalid for an answer that is none of the options."""
    merged = {}
    for question in layouts.preset(run.preset).questions:
        given = {**run.mapping[question.name], **answers.get(question.name, {})}
        allowed = {option for option, _words in question.options}
        strange = [value for value in given.values() if value not in allowed]
        unknown = set(given) - set(run.mapping[question.name])
        if strange or unknown:
            raise Invalid(fields={question.name: str(_("Choose one of the answers that are offered."))})
        merged[question.name] = given
    return merged


def _money(tenant: Tenant, currency: str, rate: Decimal | None) -> tuple[str, str]:
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise Invalid(fields={"currency": str(_("Write the three letters of ISO 4217, like EUR."))})
    if currency == tenant.currency:
        return currency, "1"
    if rate is None or not rate.is_finite() or not 0 < rate < 10**9:
        sentence = _("Say how many {home} one {foreign} is worth, like 0.92.")
        raise Invalid(fields={"rate": str(sentence).format(home=tenant.currency, foreign=currency)})
    return currency, str(rate)


def _check_window(observed_from: date | None, observed_until: date | None, today: date) -> None:
    wrong = {}
    if observed_from is None:
        wrong["observed_from"] = _("Give the first day from which your system recorded how deals ended.")
    if observed_until is None:
        wrong["observed_until"] = _("Give the last day your export knows of.")
    elif observed_until > today:
        wrong["observed_until"] = _("Give a day that has passed. An export cannot know the future.")
    elif observed_from and observed_from > observed_until:
        wrong["observed_from"] = _("Give a day before the last one.")
    if wrong:
        raise Invalid(fields={name: str(sentence) for name, sentence in wrong.items()})


def stop_import(*, run: ImportRun, actor: Membership, at: datetime) -> None:
    """Stop a run after the chunk under way, or at once while it waits. What came in stays.

    One that was never started is given up with its files. Raises ImportOver when nothing is left to stop.
    """
    require(actor, "import.run")
    states = ImportRun.State
    mine = ImportRun.objects.filter(pk=run.pk)
    if mine.filter(state=states.UPLOADED).update(state=states.CANCELLED, finished_at=at):
        transaction.on_commit(partial(_forget, run.pk, current_tenant_id()), robust=True)
    elif not (
        mine.filter(state=states.QUEUED).update(state=states.CANCELLED, finished_at=at)
        or mine.filter(state=states.RUNNING).update(stop_asked=True)
    ):
        raise ImportOver()
    audit.record(verb="import.stop_asked", subject=run, actor=actor, at=at)
    _ring()


def continue_import(*, run: ImportRun, actor: Membership, at: datetime) -> None:
    """Put a run that was stopped or failed in line again, from the last row it kept. Raises ImportOver."""
    require(actor, "import.run")
    states = ImportRun.State
    again = ImportRun.objects.filter(
        pk=run.pk, state__in=[states.CANCELLED, states.FAILED], queued_at__isnull=False
    ).update(state=states.QUEUED, queued_at=at, touched_at=at, finished_at=None, stop_asked=False, error={})
    if not again:
        raise ImportOver()
    audit.record(verb="import.continued", subject=run, actor=actor, at=at)
    _ring()


def _forget(run_id: UUID, tenant_id: int) -> None:
    with tenant_bound(tenant_id):
        storage.forget(run_id)


def _ring() -> None:
    """Tell the workers once this is committed. If nobody hears it, the clock finds the run."""
    ring = partial(run_imports.apply_async, headers={HEADER: current_tenant_id()})
    transaction.on_commit(ring, robust=True)
