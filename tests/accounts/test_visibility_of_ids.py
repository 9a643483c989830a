"""What is out of a member's sight is, at every page and every endpoint, as if it had never been."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from io import BytesIO
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.api import ids
from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType, OutputType
from activities.services import Gave, log_activity
from outcomes.models import EvidenceFile, MilestoneType
from outcomes.services import ask, record_milestone
from outcomes.services.milestones.files import Upload
from outcomes.services.mutual_steps import add_step
from outcomes.services.planned_activities import plan_activity
from outcomes.statistics import engine
from strategy.models import Deal
from tests.accounts.test_api_strangers import OPERATIONS, PLACES, send
from tests.api import PREFIX, Program, Things, make_secret
from tests.frontend.test_bad_requests import PARAMETERS, own_pages
from tests.frontend.test_strangers import fields_of_keys, plain
from tests.furnished import Furnished, another, everything
from tests.make import NOON, make_deal
from tests.teams import Cast, in_teams, let_see

WORD = "quietcanary"
KINDS = {"deal", "act", "out", "mst", "evf", "stp", "pln", "cnf"}
OF_DEALS = [place for place in PLACES if place.values[3] in KINDS]
SETTINGS = ["own", "team"]


def furnish_for(member: Membership, base: Things) -> Things:
    """The same with deals, work and milestones of the member's own."""
    with tenant_scope(member.tenant_id):
        deal = make_deal(actor=member, name=f"{member.name} sees this")
        fresh = make_deal(actor=member, name=f"{member.name} sees that", qualified_on=None)
        kind, output = ActivityType.objects.order_by("position")[0], OutputType.objects.order_by("position")[0]
        activity = log_activity(actor=member, type=kind, at=NOON, recorded_at=NOON, deal=deal, outputs=[Gave(output)])
        reached = MilestoneType.objects.order_by("position")[0]
        shown = [Upload("minutes.txt", 4, BytesIO(b"Yes."))]
        milestone = record_milestone(actor=member, deal=deal, type=reached, at=NOON, uploads=shown)
        gave, file = activity.outputs.get(), EvidenceFile.objects.get(deal=deal)
        step = add_step(deal=deal, name="Pilot", due_on=NOON.date(), actor=member, at=NOON)
        plan = plan_activity(type=kind, span="month", on=NOON.date(), deal=deal, actor=member, at=NOON)
        asked = ask(actor=member, deal=deal, type=reached, name="Nina", channel="link", at=NOON).confirmation
    return base._replace(
        mem=ids.encode(ids.MEMBER, member.pk),
        deal=ids.encode(ids.DEAL, deal.pk),
        fresh=ids.encode(ids.DEAL, fresh.pk),
        act=ids.encode(ids.ACTIVITY, activity.pk),
        out=ids.encode(ids.OUTPUT, gave.pk),
        mst=ids.encode(ids.MILESTONE, milestone.pk),
        stp=ids.encode(ids.MUTUAL_STEP, step.pk),
        pln=ids.encode(ids.PLANNED_ACTIVITY, plan.pk),
        cnf=ids.encode(ids.CONFIRMATION, asked.pk),
        evf=ids.encode(ids.EVIDENCE_FILE, file.pk),
    )


class AtWork(NamedTuple):
    """Sara's things and Omar's, neither of whom sees the other's; keys, and all rows."""

    cast: Cast
    both: tuple[Things, Things]
    secrets: dict[str, str]
    rows: list[tuple[str, str]]


@pytest.fixture(scope="module", autouse=True)
def at_work(furnished: Furnished, django_db_blocker: Any) -> Iterator[AtWork]:
    """Northwind in its teams, each of whose deals are for those alone who see them."""
    with another(furnished, django_db_blocker) as made:
        lena, omar, vera = (made.member(name) for name in ("lena", "omar", "vera"))
        cast = in_teams(lena, omar, vera)
        let_see(lena.tenant, "own")
        saras, omars = (furnish_for(cast.person(name), made.northwind) for name in ("sara", "omar"))
        secrets = made.secrets | {"nina": make_secret(cast.person("nina"))}
        yield AtWork(cast, (saras, omars), secrets, everything(lena))


@pytest.fixture
def cast(at_work: AtWork, db: None) -> Cast:
    return deepcopy(at_work.cast)


@pytest.fixture
def northwind(cast: Cast) -> Tenant:
    return cast.lena.tenant


@pytest.fixture
def both(request: pytest.FixtureRequest, at_work: AtWork, northwind: Tenant) -> tuple[Things, Things]:
    let_see(northwind, getattr(request, "param", "own"))
    return at_work.both


def test_the_places_are_those_we_know_of() -> None:
    known = {"get_deal id", "list_activities deal", "create_activity deal", "create_milestone deal", "move_deal id"}
    assert known | {"get_activity id", "get_milestone id", "list_milestones deal"} <= {str(p.id) for p in OF_DEALS}


@pytest.mark.parametrize(("name", "where", "steps", "kind"), OF_DEALS)
def test_an_unseen_id_is_to_a_program_as_one_that_never_was(
    at_work: AtWork, cast: Cast, name: str, where: str, steps: tuple[Any, ...], kind: str
) -> None:
    saras, own = at_work.both
    # Merging is for those who lead: Nina manages Omar, and sees nothing of Sara's either.
    program = Program(at_work.secrets["nina" if "merge" in name else "omar"])
    unseen = send(program, name, where, steps, getattr(saras, kind), own)
    never = send(program, name, where, steps, ids.encode(kind, uuid4()), own)
    # Of many rows each is judged by itself.
    assert unseen.status_code == {"path": 404, "query": 400, "body": 200 if steps[0] == "items" else 422}[where]
    assert _answer(unseen) == _answer(never)
    assert everything(cast.lena) == at_work.rows


def _answer(answer: Any) -> tuple[Any, ...]:
    counted = {
        name: value for name, value in answer.headers.items() if not name.startswith(("RateLimit", "X-RateLimit"))
    }
    return answer.status_code, answer.content, counted


@pytest.fixture
def browser(both: tuple[Things, Things], cast: Cast) -> Client:
    """Omar's browser."""
    client = Client(raise_request_exception=False)
    client.force_login(cast.omar.user)
    return client


def key(of: str) -> UUID:
    return ids.decode(of.partition("_")[0], of)


@pytest.mark.parametrize("page", [page for page in own_pages() if "KEY" in page])
def test_an_unseen_key_in_the_address_of_a_page(browser: Client, both: tuple[Things, Things], page: str) -> None:
    for method in (browser.get, browser.post):
        never = plain(method(page.replace("KEY", str(uuid4()))))
        for unseen in (getattr(both[0], kind) for kind in sorted(KINDS)):
            assert plain(method(page.replace("KEY", str(key(unseen))))) == never


@pytest.mark.parametrize("page", [page for page in own_pages() if page.startswith("/o/")])
def test_an_unseen_key_in_a_question_or_a_form(browser: Client, both: tuple[Things, Things], page: str) -> None:
    saras, own = both
    page = page.replace("KEY", str(key(own.deal)))

    def ask(given: object) -> Any:
        return plain(browser.get(f"{page}?" + "&".join(f"{name}={given}" for name in PARAMETERS)))

    assert ask(key(saras.deal)) == ask(uuid4())
    for action, fields, name, _ in fields_of_keys(browser, page):
        never = plain(browser.post(action, fields | {name: str(uuid4())}))
        assert plain(browser.post(action, fields | {name: str(key(saras.deal))})) == never, name


# --- Nothing that is out of sight stands in any answer ---------------------------------------------------------------


@pytest.fixture
def with_a_word(both: tuple[Things, Things], cast: Cast, northwind: Tenant) -> tuple[Things, Things]:
    """Sara's deal has a word in all its texts."""
    with tenant_scope(northwind.pk, repeatable=True):
        sara, deal = cast.person("sara"), Deal.objects.get(pk=key(both[0].deal))
        Deal.objects.filter(pk=deal.pk).update(name=WORD, qualification_note=WORD, source=WORD, external_id=WORD)
        kind = ActivityType.objects.order_by("position")[0]
        texts = {"purpose": WORD, "note": WORD, "next_step": WORD, "source": WORD, "external_id": WORD}
        log_activity(actor=sara, type=kind, at=NOON, recorded_at=NOON, deal=deal, **texts)
        log_activity(actor=sara, type=kind, at=NOON, recorded_at=NOON, note=WORD)
        of_type = MilestoneType.objects.order_by("position")[1]
        record_milestone(actor=sara, deal=deal, type=of_type, at=NOON, words=WORD, agreed_by=WORD)
        engine.refresh(tenant=northwind, now=NOON)
    return both


def page_addresses(own: Things) -> Iterator[str]:
    for page in own_pages():
        page = page.replace("KEY", str(key(own.deal)))
        yield page
        yield f"{page}?standing=all&q={WORD[:5]}&other={WORD[:5]}&rows=open"
    yield "/o/northwind/execution.csv?chart=waste"


def api_addresses(own: Things) -> Iterator[str]:
    for name, (path, method, operation) in OPERATIONS.items():
        if method != "get":
            continue
        if "{id}" in path and name.startswith(("get_statistic", "list_statistic_rows")):
            path = path.replace("{id}", "deals_qualified")
        for parameter in operation.get("parameters", ()):
            kind = re.match(r"\^([a-z]+)_", parameter["schema"].get("pattern", ""))
            if parameter["in"] == "path" and kind and hasattr(own, kind[1]):
                path = path.replace("{id}", getattr(own, kind[1]))
        names = {parameter["name"]: parameter for parameter in operation.get("parameters", ())}
        yield path
        if "expand" in names:
            wide = names["expand"]["schema"].get("items", {}).get("enum", [])
            yield f"{path}?expand={','.join(wide)}" if wide else path
        if "external_id" in names:
            yield f"{path}?external_id={WORD}"


def found_by(member: Membership, secret: str, addresses: Iterator[str]) -> set[str]:
    """The addresses whose answer has the word, other than by repeating the question."""
    client = Client(raise_request_exception=False)
    client.force_login(member.user)
    program = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})
    found = set()
    for address in addresses:
        answer = client.get(address) if address.startswith("/") else program.get(f"{PREFIX}/{address}")
        assert answer.status_code < 500, address
        # The search marks the letters that were typed.
        said = re.sub(rb"</?mark>", b"", answer.getvalue().replace(address.encode(), b""))
        if WORD.encode() in said:
            found.add(address.partition("?")[0])
    return found


@pytest.mark.parametrize("both", SETTINGS, indirect=True)
def test_no_page_and_no_program_tells_of_a_deal_out_of_sight(
    with_a_word: tuple[Things, Things], cast: Cast, at_work: AtWork
) -> None:
    own, (omars, lenas) = with_a_word[1], (at_work.secrets[name] for name in ("omar", "lena"))
    for addresses in (page_addresses, api_addresses):
        assert found_by(cast.person("omar"), omars, addresses(own)) == set()
    # Who sees everything is told by the same addresses, or they would prove nothing.
    told = found_by(cast.person("lena"), lenas, page_addresses(own))
    assert {"/o/northwind/deals/", "/o/northwind/execution/deals/", "/o/northwind/jump/"} <= told
    told = found_by(cast.person("lena"), lenas, api_addresses(own))
    assert {"deals", "activities", "milestones", "statistics/deals_qualified/rows"} <= told
