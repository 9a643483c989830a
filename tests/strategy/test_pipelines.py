"""Pipelines, stages, the organisation's own words and its exchange rates."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AuditEvent, Membership
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid, Refused
from accounts.tenancy.scope import tenant_scope
from strategy.models import Competitor, DealSource, EndReason, ExchangeRate, Pipeline, Stage
from strategy.services import move_deal
from strategy.services.exchange_rates import add_rate, remove_rate
from strategy.services.pipelines import add_pipeline, add_stage, change_pipeline, change_stage
from strategy.services.refusals import (
    LastOpenStage,
    LastPipeline,
    NameTaken,
    RateTaken,
    StageInUse,
    StageKindFixed,
)
from strategy.services.word_lists import (
    add_competitor,
    add_deal_source,
    add_reason,
    change_competitor,
    change_deal_source,
    change_reason,
)
from tests.api import Program, make_secret
from tests.make import NOON, make_deal, stage

OPEN = ["Qualified", "Workshop", "Proposal", "Decision"]
ENDS = ["Won", "Lost", "No decision", "Disqualified"]


def order(pipeline: Pipeline) -> list[str]:
    return list(Stage.objects.filter(pipeline=pipeline).order_by("position").values_list("name", flat=True))


@pytest.fixture
def sales(lena: Membership) -> Any:
    with tenant_scope(lena.tenant_id):
        yield Pipeline.objects.get()


def test_a_pipeline_begins_with_a_stage_and_an_end_of_each_kind(lena: Membership, sales: Pipeline) -> None:
    made = add_pipeline(name="  Renewals ", actor=lena, at=NOON)
    kinds = list(Stage.objects.filter(pipeline=made).order_by("position").values_list("kind", flat=True))
    assert (made.name, made.position) == ("Renewals", 2)
    assert kinds == ["open", "won", "lost", "no_decision", "disqualified"]
    assert AuditEvent.objects.filter(verb="pipeline.added", subject_id=made.pk, actor=lena).exists()


@pytest.mark.parametrize("name", ["SALES", "Ｓales", "", " ", "x" * 81, "\u202eselaS", "Sa\u200bles", "\0", "\ud800"])
def test_no_two_pipelines_have_names_that_read_the_same(lena: Membership, sales: Pipeline, name: str) -> None:
    with pytest.raises((NameTaken, Invalid)) as told:
        add_pipeline(name=name, actor=lena, at=NOON)
    assert "name" in told.value.fields
    assert Pipeline.objects.count() == 1


def test_the_last_pipeline_is_never_archived(lena: Membership, sales: Pipeline) -> None:
    with pytest.raises(LastPipeline):
        change_pipeline(pipeline=sales, actor=lena, at=NOON, is_archived=True)
    other = add_pipeline(name="Renewals", actor=lena, at=NOON)
    change_pipeline(pipeline=other, actor=lena, at=NOON, position=1, name="Renewal")
    change_pipeline(pipeline=sales, actor=lena, at=NOON, is_archived=True)
    rows = Pipeline.objects.order_by("position").values_list("name", "is_archived")
    assert list(rows) == [("Renewal", False), ("Sales", True)]
    with pytest.raises(LastPipeline):
        change_pipeline(pipeline=other, actor=lena, at=NOON, is_archived=True)


def test_stages_are_added_placed_and_described(lena: Membership, sales: Pipeline) -> None:
    pilot = add_stage(
        pipeline=sales, name="Pilot", actor=lena, at=NOON, patience_days=14, requires=["company", "amount"]
    )
    assert order(sales) == [*OPEN, "Pilot", *ENDS]
    change_stage(stage=pilot, actor=lena, at=NOON, position=2, name="PILOT", patience_days=None)
    pilot.refresh_from_db()
    assert order(sales) == ["Qualified", "PILOT", "Workshop", "Proposal", "Decision", *ENDS]
    assert (pilot.patience_days, set(pilot.requires)) == (None, {"company", "amount"})
    changed = AuditEvent.objects.get(verb="stage.changed").data["changed"]
    assert changed == {"patience_days": [14, None], "name": ["Pilot", "PILOT"], "position": [5, 2]}
    change_stage(stage=pilot, actor=lena, at=NOON, position=2)
    assert AuditEvent.objects.filter(verb="stage.changed").count() == 1


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"patience_days": 0}, "patience_days"),
        ({"patience_days": 10**9}, "patience_days"),
        ({"requires": ["a wish"]}, "requires"),
        ({"kind": "maybe"}, "kind"),
        ({"name": "won"}, "name"),
    ],
)
def test_nonsense_about_a_stage_is_told_at_its_field(
    lena: Membership, sales: Pipeline, wanted: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as told:
        change_stage(stage=stage("Workshop"), actor=lena, at=NOON, **wanted)
    assert list(told.value.fields) == [field]
    with pytest.raises(Refused) as told:
        add_stage(pipeline=sales, actor=lena, at=NOON, **{"name": "Pilot", **wanted})
    assert list(told.value.fields) == [field]
    assert order(sales) == [*OPEN, *ENDS]


def test_the_kind_of_a_stage_stays_once_a_deal_was_there(lena: Membership, sales: Pipeline) -> None:
    workshop = stage("Workshop")
    change_stage(stage=workshop, actor=lena, at=NOON, kind="lost")
    change_stage(stage=workshop, actor=lena, at=NOON, kind="open")
    deal = make_deal(actor=lena, stage=workshop)
    move_deal(deal=deal, to=stage("Proposal"), actor=lena, at=NOON)
    with pytest.raises(StageKindFixed):
        change_stage(stage=workshop, actor=lena, at=NOON, kind="lost")


def test_a_stage_is_archived_only_when_its_open_deals_have_gone(lena: Membership, sales: Pipeline) -> None:
    deal = make_deal(actor=lena, stage=stage("Workshop"))
    with pytest.raises(StageInUse):
        change_stage(stage=stage("Workshop"), actor=lena, at=NOON, is_archived=True)
    move_deal(deal=deal, to=stage("Lost"), actor=lena, at=NOON)
    for name in ("Workshop", "Lost", "Proposal", "Decision"):
        change_stage(stage=stage(name), actor=lena, at=NOON, is_archived=True)
    with pytest.raises(LastOpenStage):
        change_stage(stage=stage("Qualified"), actor=lena, at=NOON, is_archived=True)
    with pytest.raises(LastOpenStage):
        change_stage(stage=stage("Qualified"), actor=lena, at=NOON, kind="won")
    assert not stage("Qualified").is_archived


def test_words_are_added_renamed_placed_and_archived(lena: Membership, inside_northwind: Any) -> None:
    for add, change, table, name in (
        (lambda name: add_reason(kind="lost", name=name, actor=lena, at=NOON), change_reason, EndReason, "reason"),
        (lambda name: add_competitor(name=name, actor=lena, at=NOON), change_competitor, Competitor, "competitor"),
        (lambda name: add_deal_source(name=name, actor=lena, at=NOON), change_deal_source, DealSource, "source"),
    ):
        table.objects.all().delete()
        _first, _second, third = (add(word) for word in ("Price", "Timing", "Trust 🤝"))
        with pytest.raises(NameTaken):
            add("PRICE")
        change(**{name: third}, actor=lena, at=NOON, position=1, name="Trust", is_archived=True)
        rows = list(table.objects.order_by("position").values_list("name", "is_archived"))
        assert rows == [("Trust", True), ("Price", False), ("Timing", False)]
    assert add_reason(kind="won", name="price", actor=lena, at=NOON).position == 1
    with pytest.raises(Invalid):
        add_reason(kind="open", name="Anything", actor=lena, at=NOON)


def test_rates_hold_from_a_day_on(lena: Membership, inside_northwind: Any) -> None:
    day = NOON.date()
    rate = add_rate(currency="USD", from_on=day, rate=Decimal("0.92"), actor=lena, at=NOON)
    with pytest.raises(RateTaken):
        add_rate(currency="USD", from_on=day, rate=Decimal(1), actor=lena, at=NOON)
    for currency, on, worth, field in (
        ("XQQ", day, "1", "currency"),
        ("EUR", day, "1", "currency"),
        ("USD", day + timedelta(days=1), "1", "from_on"),
        ("USD", date(1, 1, 1), "1", "from_on"),
        ("GBP", day, "0", "rate"),
        ("GBP", day, "-1", "rate"),
        ("GBP", day, "NaN", "rate"),
        ("GBP", day, "1e30", "rate"),
    ):
        with pytest.raises(Invalid) as told:
            add_rate(currency=currency, from_on=on, rate=Decimal(worth), actor=lena, at=NOON)
        assert list(told.value.fields) == [field]
    remove_rate(rate=rate, actor=lena, at=NOON)
    assert not ExchangeRate.objects.exists()


def test_only_those_who_direct_change_any_of_it(
    lena: Membership, omar: Membership, vera: Membership, mara: Membership, sales: Pipeline
) -> None:
    for actor in (omar, vera, mara):
        for deed in (
            lambda actor=actor: add_pipeline(name="Mine", actor=actor, at=NOON),
            lambda actor=actor: change_stage(stage=stage("Workshop"), actor=actor, at=NOON, name="Mine"),
            lambda actor=actor: add_competitor(name="Mine", actor=actor, at=NOON),
            lambda actor=actor: add_rate(currency="USD", from_on=NOON.date(), rate=Decimal(1), actor=actor, at=NOON),
        ):
            with pytest.raises(NotAllowed):
                deed()


class TestByPrograms:
    @pytest.fixture
    def program(self, lena: Membership) -> Program:
        return Program(make_secret(lena))

    def test_a_pipeline_is_built_changed_and_archived(self, program: Program) -> None:
        made = program.post("pipelines", {"name": "Renewals"}).json()
        given = {"pipeline": made["id"], "name": "Pilot", "patience_days": 10, "requires": ["amount"], "position": 1}
        pilot = program.post("stages", given).json()
        assert (pilot["position"], pilot["requires"], pilot["kind"]) == (1, ["amount"], "open")
        again = program.patch(f"stages/{pilot['id']}", {"name": "Trial", "is_archived": True}, If_Match="*").json()
        assert (again["name"], again["is_archived"]) == ("Trial", True)
        first = program.all(f"stages?pipeline={made['id']}&is_archived=false&kind=open")
        assert [one["name"] for one in first] == ["Qualified"]
        refused = program.patch(f"stages/{first[0]['id']}", {"is_archived": True}, If_Match="*")
        assert (refused.status_code, refused.json()["code"]) == (409, "last_open_stage")
        assert program.patch(f"pipelines/{made['id']}", {"is_archived": True}).status_code == 428
        assert program.patch(f"pipelines/{made['id']}", {"is_archived": True}, If_Match="*").json()["is_archived"]

    def test_rates_are_written_to_the_last_digit(self, program: Program) -> None:
        made = program.post("exchange_rates", {"currency": "USD", "from_on": "2025-01-02", "rate": "0.92000001"})
        assert made.json()["rate"] == "0.92000001"
        for rate in (0.92, "1e3", "-1", "", "0", "٣"):
            answer = program.post("exchange_rates", {"currency": "GBP", "from_on": "2025-01-02", "rate": rate})
            assert answer.status_code == 422
        assert program.delete(f"exchange_rates/{made.json()['id']}").status_code == 204
        assert program.all("exchange_rates") == []

    def test_eve_changes_nothing_of_northwinds(self, program: Program, eve: Membership) -> None:
        stage_id = program.all("stages?limit=1")[0]["id"]
        answer = Program(make_secret(eve)).patch(f"stages/{stage_id}", {"name": "Hers"}, If_Match="*")
        assert answer.status_code == 404
