"""Lena brings Northwind's CRM in, and every row of it is accounted for."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from accounts.imports import report
from accounts.models import AuditEvent, ImportFile, ImportRow, ImportRun, Membership
from accounts.models.organisation import Role
from accounts.refusals import Invalid
from outcomes.models import StatisticMark
from strategy.models import Company, Deal, DealEvent, OwnerSpan, Stage, StageSpan
from strategy.services.deals import move_deal
from tests.make import NOON
from tests.strategy import maven

pytestmark = pytest.mark.usefixtures("inside_northwind", "uploads_aside")


def counts(run: ImportRun) -> dict[str, dict[str, int]]:
    return {file.kind: {k: v for k, v in file.counts.items() if v} for file in ImportFile.objects.filter(run=run)}


def notes(run: ImportRun) -> dict[tuple[str, str], int]:
    found = ImportRow.objects.filter(run=run, outcome=ImportRow.Outcome.NOTED)
    return {(row.code, row.value): row.rows for row in found}


def events(deal: Deal) -> list[tuple[str, date | None]]:
    return list(DealEvent.objects.filter(deal=deal).order_by("recorded_at", "id").values_list("kind", "effective_on"))


def spans(deal: Deal) -> list[tuple[str, date, date | None, str]]:
    found = StageSpan.objects.filter(deal=deal).order_by("entered_on", "id")
    return list(found.values_list("stage__name", "entered_on", "left_on", "exit_kind"))


def changed(**rows: str) -> dict[str, str]:
    """The small export with some of its deals written differently."""
    lines = maven.DEALS.splitlines(keepends=True)
    lines = [f"{rows[line[:2]]}\n" if line[:2] in rows else line for line in lines]
    return {**maven.FILES, "pipeline.csv": "".join(lines)}


@maven.needs_the_real_files
def test_takes_in_the_real_export_and_changes_nothing_the_second_time(lena: Membership) -> None:
    run = maven.import_all(maven.real_files(), actor=lena)
    assert run.state == ImportRun.State.DONE, run.error
    assert (run.observed_from, run.observed_until) == (date(2017, 3, 1), date(2017, 12, 31))
    assert counts(run) == {
        "members": {"created": 35},
        "companies": {"created": 85},
        "products": {"used": 7},
        "deals": {"created": 8800},
    }
    assert notes(run) == {("product_joined", "GTXPro"): 1480, ("no_company", ""): 1425, ("not_qualified_yet", ""): 500}
    assert Counter(Deal.objects.values_list("end_cause", flat=True)) == {"won": 4238, "lost": 2473, "": 2089}
    assert Deal.objects.filter(qualified_on=None).count() == 500
    assert Deal.objects.filter(qualified_on__isnull=False, amount_at_qualification=None).count() == 0
    assert DealEvent.objects.count() == 8800 + 8300 + 6711
    assert StageSpan.objects.count() == OwnerSpan.objects.count() == 8300
    assert Company.objects.filter(parent__isnull=False).count() == 15
    assert Membership.objects.filter(role=Role.MANAGER).count() == 6

    before = (DealEvent.objects.count(), StatisticMark.objects.count())
    again = maven.import_all(maven.real_files(), actor=lena)
    assert counts(again) == {
        "members": {"unchanged": 35},
        "companies": {"unchanged": 85},
        "products": {"used": 7},
        "deals": {"unchanged": 8800},
    }
    assert (DealEvent.objects.count(), StatisticMark.objects.count()) == before
    assert not AuditEvent.objects.filter(verb="import.rows_kept", subject_id=again.pk).exists()
    assert not Deal.objects.exclude(version=1).exists()


def test_says_of_each_deal_what_the_file_says(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    won = Deal.objects.get(external_id="A1")
    assert won.name == "GTX Pro for Isdom"
    assert (won.qualified_on, won.closed_on, won.end_cause) == (date(2017, 1, 10), date(2017, 3, 1), "won")
    assert (won.amount_at_qualification, won.amount, won.currency) == (482_100, 470_000, "EUR")
    assert (won.owner, won.owner_at_qualification) == (won.owner, won.owner)
    assert won.owner is not None
    assert (won.owner.name, won.owner.is_placeholder, won.owner.role) == ("Anna Snelling", True, Role.REP)
    assert (won.observed_from, won.observed_until) == (date(2017, 3, 1), date(2017, 4, 1))
    assert won.closed_recorded_at == NOON
    assert spans(won) == [("Engaging", date(2017, 1, 10), date(2017, 3, 1), "won")]
    assert events(won) == [
        ("opened", date(2017, 1, 10)),
        ("qualified", date(2017, 1, 10)),
        ("closed", date(2017, 3, 1)),
    ]
    assert {event.recorded_at for event in won.events.all()} == {NOON}


def test_keeps_the_nothing_that_a_lost_deal_brought(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    lost = Deal.objects.get(external_id="A2")
    assert (lost.end_cause, lost.end_reason, lost.amount, lost.amount_at_qualification) == ("lost", None, 0, 482_100)


def test_does_not_make_up_days_that_no_file_has(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    prospect = Deal.objects.get(external_id="A4")
    assert (prospect.opened_on, prospect.qualified_on, prospect.entered_stage_on) == (None, None, None)
    assert (prospect.amount, prospect.amount_at_qualification) == (5500, None)
    assert spans(prospect) == []
    assert events(prospect) == [("opened", None)]


def test_matches_names_that_differ_by_spaces_and_says_so(lena: Membership) -> None:
    run = maven.import_all(maven.FILES, actor=lena)
    assert Deal.objects.get(external_id="A2").name == "GTX Pro for Cancity"
    note = next(note for note in report.notes(run) if note.code == "product_joined")
    assert (note.rows, note.line) == (1, 3)
    assert note.heading("1") == "1 deal of “GTXPro” was matched to “GTX Pro” in the price list"


def test_matches_companies_and_owners_whose_names_are_written_differently(lena: Membership) -> None:
    deals = maven.DEALS + "A5,ANNA  snelling,GTX Pro,is dom,Engaging,2017-02-01,,\n"
    run = maven.import_all({**maven.FILES, "pipeline.csv": deals}, actor=lena)
    assert Deal.objects.get(external_id="A5").company == Deal.objects.get(external_id="A1").company
    assert Deal.objects.get(external_id="A5").owner == Deal.objects.get(external_id="A1").owner
    assert notes(run)["company_joined", "is dom"] == notes(run)["owner_joined", "ANNA snelling"] == 1


def test_reads_revenue_in_millions_and_links_a_subsidiary_to_its_parent(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    cancity = Company.objects.get(name="Cancity")
    assert (cancity.revenue, cancity.revenue_currency, cancity.employees) == (71_862_000_000, "EUR", 2448)
    assert cancity.parent is not None
    assert cancity.parent.name == "Isdom"


def test_puts_people_into_the_team_of_their_manager(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    anna = Membership.objects.select_related("team__manager").get(name="Anna Snelling")
    assert anna.team is not None
    assert anna.team.name == "Dustin Brinkmann, Central"
    assert anna.team.attributes == {"regional_office": "Central"}
    assert anna.team.manager is not None
    assert (anna.team.manager.role, anna.team.manager.is_placeholder) == (Role.MANAGER, True)


def test_gives_a_deal_to_the_member_who_is_already_here_and_leaves_their_role(lena: Membership) -> None:
    Membership.objects.filter(pk=lena.pk).update(name="Anna  SNELLING")
    run = maven.import_all(maven.FILES, actor=lena)
    lena.refresh_from_db()
    assert Deal.objects.get(external_id="A1").owner == lena
    assert (lena.role, lena.name, lena.is_placeholder) == (Role.OWNER, "Anna  SNELLING", False)
    assert ("member_joined", "Anna  SNELLING") in notes(run)


def test_takes_a_company_entered_by_hand_for_the_one_of_its_name(lena: Membership) -> None:
    by_hand = Company.objects.create(name="is dom", country="Norway")
    maven.import_all(maven.FILES, actor=lena)
    assert Company.objects.filter(name_key="isdom").get() == by_hand
    assert Deal.objects.get(external_id="A1").company == by_hand


def test_knows_the_files_by_their_columns_in_any_order(lena: Membership) -> None:
    files = {f"export ({number}).txt": content for number, content in enumerate(reversed(maven.FILES.values()))}
    run = maven.import_all(files, actor=lena)
    assert [file.kind for file in run.files.all()] == ["members", "companies", "products", "deals"]
    assert counts(run)["deals"] == {"created": 4}


def test_says_what_is_missing_without_a_file_and_goes_on(lena: Membership) -> None:
    run = maven.receive({"pipeline.csv": maven.DEALS}, actor=lena)
    assert len(report.missing(run)) == 3
    maven.work(maven.start(run, actor=lena))
    deal = Deal.objects.get(external_id="A1")
    assert (deal.name, deal.amount_at_qualification) == ("GTX Pro for Isdom", None)
    assert deal.company is not None
    assert deal.company.name == "Isdom"
    assert run.files.get().counts["created"] == 4


def test_adds_a_price_list_later_and_keeps_it_without(lena: Membership) -> None:
    maven.import_all({"pipeline.csv": maven.DEALS}, actor=lena)
    with_prices = maven.import_all(maven.FILES, actor=lena)
    assert counts(with_prices)["deals"] == {"updated": 3, "unchanged": 1}
    without = maven.import_all({"pipeline.csv": maven.DEALS}, actor=lena)
    assert counts(without) == {"deals": {"unchanged": 4}}
    assert Deal.objects.get(external_id="A2").amount_at_qualification == 482_100
    assert Deal.objects.get(external_id="A2").name == "GTX Pro for Cancity"


def test_writes_only_the_row_that_changed(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    run = maven.import_all(
        changed(A3="A3,Boris Faz,MG Special,Isdom,Won,2017-02-01,2017-03-15,60"),
        actor=lena,
        observed_until=date(2017, 4, 1),
    )
    assert counts(run)["deals"] == {"updated": 1, "unchanged": 3}
    deal = Deal.objects.get(external_id="A3")
    assert (deal.end_cause, deal.amount, deal.amount_at_qualification, deal.version) == ("won", 6000, 5500, 2)
    assert spans(deal) == [("Engaging", date(2017, 2, 1), date(2017, 3, 15), "won")]
    assert events(deal)[2:] == [("closed", date(2017, 3, 15))]
    assert DealEvent.objects.exclude(deal=deal).count() == 3 + 3 + 1


def test_begins_the_clock_of_a_deal_that_engages_later(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    maven.import_all(changed(A4="A4,Boris Faz,MG Special,Isdom,Engaging,2017-03-20,,"), actor=lena)
    deal = Deal.objects.get(external_id="A4")
    assert (deal.qualified_on, deal.amount_at_qualification) == (date(2017, 3, 20), 5500)
    assert spans(deal) == [("Engaging", date(2017, 3, 20), None, "")]
    assert events(deal)[1:] == [("qualified", date(2017, 3, 20)), ("moved", date(2017, 3, 20))]


def test_corrects_an_end_and_keeps_what_was_said_before(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    maven.import_all(changed(A1="A1,Anna Snelling,GTX Pro,Isdom,Lost,2017-01-12,2017-03-02,0"), actor=lena)
    deal = Deal.objects.get(external_id="A1")
    assert (deal.end_cause, deal.closed_on, deal.qualified_on) == ("lost", date(2017, 3, 2), date(2017, 1, 12))
    assert spans(deal) == [("Engaging", date(2017, 1, 12), date(2017, 3, 2), "lost")]
    told = [event.data for event in deal.events.filter(kind="corrected").order_by("id")]
    assert told[0] == {"qualified_on": ["2017-01-10", "2017-01-12"]}
    assert told[1]["closed_on"] == ["2017-03-01", "2017-03-02"]


def test_opens_a_second_episode_when_the_source_does(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    maven.import_all(changed(A2="A2,Boris Faz,GTXPro,Cancity,Engaging,2017-01-20,,"), actor=lena)
    deal = Deal.objects.get(external_id="A2")
    assert (deal.end_cause, deal.closed_on, deal.episode, deal.qualified_on) == ("", None, 2, date(2017, 1, 20))
    assert [kind for kind, _ in events(deal)[3:]] == ["reassigned", "reopened", "repriced"]
    assert [(left, exit_kind) for _, _, left, exit_kind in spans(deal)] == [(date(2017, 4, 1), "lost"), (None, "")]
    assert [span.owner.name for span in deal.owner_spans.order_by("from_on")] == ["Anna Snelling", "Boris Faz"]


def test_leaves_what_people_did_here_when_the_same_file_comes_again(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena)
    deal = Deal.objects.get(external_id="A3")
    lost = Stage.objects.get(pipeline=deal.pipeline, kind=Stage.Kind.LOST)
    move_deal(deal=deal, to=lost, actor=lena, at=NOON)
    run = maven.import_all(maven.FILES, actor=lena)
    assert counts(run)["deals"] == {"unchanged": 4}
    deal.refresh_from_db()
    assert (deal.end_cause, deal.observed_until) == ("lost", None)


def test_does_what_a_person_says_a_stage_means(lena: Membership) -> None:
    run = maven.receive(maven.FILES, actor=lena)
    assert run.mapping["stages"] == {"Won": "won", "Lost": "lost", "Engaging": "open", "Prospecting": "open"}
    maven.work(maven.start(run, actor=lena, answers={"stages": {"Lost": "no_decision"}}))
    assert Deal.objects.get(external_id="A2").end_cause == "no_decision"
    stages = Stage.objects.filter(pipeline__source="maven").order_by("position").values_list("name", "kind")
    assert list(stages) == [("Prospecting", "open"), ("Engaging", "open"), ("Won", "won"), ("Lost", "no_decision")]
    again = maven.receive(maven.FILES, actor=lena)
    assert again.mapping["stages"]["Lost"] == "no_decision"


def test_refuses_an_answer_that_was_not_offered(lena: Membership) -> None:
    run = maven.receive(maven.FILES, actor=lena)
    with pytest.raises(Invalid) as caught:
        maven.start(run, actor=lena, answers={"stages": {"Lost": "postponed"}})
    assert "stages" in caught.value.fields


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("A9,Anna Snelling,GTX Pro,Isdom,Won,2017-02-30,2017-03-05,5", "engage_date", "“2017-02-30” is not a date"),
        ("A9,Anna Snelling,GTX Pro,Isdom,Won,2017-02-01,31/11/2017,5", "close_date", "“31/11/2017” is not a date"),
        ("A9,Anna Snelling,GTX Pro,Isdom,Won,2017-03-20,2017-03-05,5", "close_date", "before the day the deal was"),
        ("A9,Anna Snelling,GTX Pro,Isdom,Won,2017-02-01,,5", "close_date", "is over and has no “close_date”"),
        ("A9,Anna Snelling,GTX Pro,Isdom,Engaging,2017-02-01,2017-03-05,5", "close_date", "is open and ended on"),
        ("A9,Anna Snelling,GTX Pro,Isdom,Engaging,2027-02-01,,", "engage_date", "2027-02-01 has not come yet"),
        ("A9,Anna Snelling,GTX Pro,Isdom,Engaging,2018-02-01,,", "engage_date", "after the last day you said"),
        ("A9,Anna Snelling,GTX Pro,Isdom,Won,2017-02-01,2017-03-05,-5", "close_value", "less than nothing"),
        ("A9,Anna Snelling,GTX Pro,Isdom,Won,2017-02-01,2017-03-05,five", "close_value", "not a number"),
        (",Anna Snelling,GTX Pro,Isdom,Won,2017-02-01,2017-03-05,5", "opportunity_id", "is empty. Fill it in"),
        ("A9,Anna Snelling,GTX Pro,Isdom,,2017-02-01,2017-03-05,5", "deal_stage", "is empty. Fill it in"),
        ("A1,Anna Snelling,GTX Pro,Isdom,Lost,2017-02-01,2017-03-05,5", "opportunity_id", "already on line 2"),
        ("A9,Anna Snelling,GTX Pro", "", "has 3 cells and the header has 8"),
        ("A9,Anna\x00 Snelling,GTX Pro,Isdom,Won,2017-02-01,2017-03-05,5", "", "NUL"),
        (f"A9,{'x' * 150},GTX Pro,Isdom,Won,2017-02-01,2017-03-05,5", "sales_agent", "Shorten it to 100"),
    ],
)
def test_refuses_a_row_by_line_and_column_and_takes_the_others(
    lena: Membership, row: str, column: str, words: str
) -> None:
    files = {**maven.FILES, "pipeline.csv": f"{maven.DEALS}{row}\n"}
    run = maven.import_all(files, actor=lena, observed_until=date(2017, 12, 31))
    assert counts(run)["deals"] == {"created": 4, "refused": 1}
    assert Deal.objects.count() == 4
    refused = ImportRow.objects.get(run=run, outcome=ImportRow.Outcome.REFUSED)
    assert (refused.line, refused.column) == (6, column)
    assert words in report.say_of(refused)


def test_refuses_a_row_once_for_all_that_is_wrong_with_it(lena: Membership) -> None:
    files = {**maven.FILES, "pipeline.csv": f"{maven.DEALS}A9,,,,Won,first of May,,much\n"}
    run = maven.import_all(files, actor=lena)
    assert counts(run)["deals"] == {"created": 4, "refused": 1}
    assert report.refused_rows(run) == 1
    assert {row.column for row in report.first_refused(run)} == {"engage_date", "close_value"}


def test_notes_ends_before_the_window_that_a_person_gave(lena: Membership) -> None:
    run = maven.import_all(maven.FILES, actor=lena, observed_from=date(2017, 3, 20))
    assert notes(run)["before_the_window", ""] == 1
    assert Deal.objects.get(external_id="A1").observed_from == date(2017, 3, 20)


def test_notes_a_product_that_the_price_list_does_not_have(lena: Membership) -> None:
    files = {**maven.FILES, "prices.csv": maven.PRODUCTS.replace("MG Special", "MG Other")}
    run = maven.import_all(files, actor=lena)
    assert notes(run)["price_unknown", "MG Special"] == 2


def test_counts_in_the_smallest_unit_that_the_currency_has(lena: Membership) -> None:
    maven.import_all(maven.FILES, actor=lena, currency="JPY", rate=Decimal("0.0061"))
    deal = Deal.objects.get(external_id="A1")
    assert (deal.amount, deal.currency, deal.rate, deal.rate_date) == (4700, "JPY", Decimal("0.0061"), NOON.date())


def test_asks_what_a_foreign_currency_is_worth(lena: Membership) -> None:
    with pytest.raises(Invalid) as caught:
        maven.import_all(maven.FILES, actor=lena, currency="USD")
    assert "rate" in caught.value.fields
