"""What becomes of members: roles, names, leaving and coming back, and that an organisation always has an owner."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import people, services
from accounts.models import ApiToken, AuditEvent, Membership, Team, Tenant
from accounts.models.organisation import Role
from accounts.people import DEACTIVATED, PLACEHOLDER, PeopleFilter
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid, Refused
from accounts.services.refusals import LastOwner, MemberIsOver, NotAPlaceholder, OutOfReach
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity, ActivityType
from activities.services import log_activity
from strategy.models import Deal, DealEvent, OwnerSpan
from strategy.services import hand_over_deals, open_deal
from tests.api import Program, make_secret
from tests.make import NOON, make_deal, make_member


@pytest.fixture
def nina(northwind: Tenant) -> Membership:
    """A second owner of Northwind."""
    return make_member("nina", tenant=northwind, role=Role.OWNER)


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Start deeds together, each in a transaction of its own; what each gave, or refused."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        try:
            start.wait(10)
            return deed()
        except Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [one.result(timeout=60) for one in [pool.submit(run, deed) for deed in deeds]]


class TestRoles:
    ORDER = [*Role]

    @pytest.mark.parametrize("actor_role", Role)
    @pytest.mark.parametrize("member_role", Role)
    def test_nobody_touches_or_gives_what_is_above_them(
        self, northwind: Tenant, nina: Membership, actor_role: Role, member_role: Role
    ) -> None:
        actor = make_member("ada", tenant=northwind, role=actor_role)
        member = make_member("ben", tenant=northwind, role=member_role)
        for to in Role:
            with tenant_scope(northwind.pk):
                Membership.objects.filter(pk=member.pk).update(role=member_role)
                rank = self.ORDER.index
                may = actor_role in (Role.OWNER, Role.LEADER)
                may = may and rank(actor_role) <= min(rank(member_role), rank(to))
                try:
                    services.change_role(member=member, to=to, actor=actor, at=NOON)
                except (OutOfReach, NotAllowed):
                    assert not may, to
                else:
                    assert may, to
                    assert Membership.objects.get(pk=member.pk).role == to

    def test_a_change_is_written_down(self, lena: Membership, omar: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            services.change_role(member=omar, to=Role.MANAGER, actor=lena, at=NOON)
            event = AuditEvent.objects.get(verb="member.role_changed")
            assert (event.actor, event.data) == (lena, {"name": "Omar", "role": ["rep", "manager"]})

    def test_the_last_owner_is_not_demoted(self, lena: Membership) -> None:
        with tenant_scope(lena.tenant_id), pytest.raises(LastOwner):
            services.change_role(member=lena, to=Role.LEADER, actor=lena, at=NOON)

    def test_somebody_who_is_no_owner_any_more_does_not_act_as_one(
        self, lena: Membership, nina: Membership, omar: Membership
    ) -> None:
        with tenant_scope(lena.tenant_id):
            Membership.objects.filter(pk=nina.pk).update(role=Role.REP)
            with pytest.raises(NotAllowed):
                services.change_role(member=omar, to=Role.OWNER, actor=nina, at=NOON)


class TestNames:
    def test_omar_changes_his_own_and_no_others(self, omar: Membership, lena: Membership) -> None:
        with tenant_scope(omar.tenant_id):
            services.rename_member(member=omar, name="  Omar   Said ", actor=omar, at=NOON)
            assert Membership.objects.get(pk=omar.pk).name == "Omar Said"
            with pytest.raises(NotAllowed):
                services.rename_member(member=lena, name="Helena", actor=omar, at=NOON)

    @pytest.mark.parametrize(
        "name", ["", "  ", "x" * 121, "Le\u202ena", "Le\u200bna", "\ufeffLena", "Le\0na", "L\u200dena", "\u0301", "—"]
    )
    def test_a_name_that_cannot_be_read_is_refused(self, lena: Membership, name: str) -> None:
        with tenant_scope(lena.tenant_id), pytest.raises(Invalid) as told:
            services.rename_member(member=lena, name=name, actor=lena, at=NOON)
        assert "name" in told.value.fields

    @pytest.mark.parametrize("name", ["José", "李娜", "नेहा", "مریم‌سادات", "O’Brien", "Zoë-Ann 3rd", "علي"])
    def test_a_name_of_any_script_is_kept(self, lena: Membership, name: str) -> None:
        with tenant_scope(lena.tenant_id):
            services.rename_member(member=lena, name=name, actor=lena, at=NOON)
            assert Membership.objects.get(pk=lena.pk).name == name

    def test_a_name_is_stored_in_one_spelling(self, lena: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            services.rename_member(member=lena, name="Jose\u0301", actor=lena, at=NOON)
            assert Membership.objects.get(pk=lena.pk).name == "Jos\u00e9"


class TestDeactivation:
    def test_ends_sessions_and_keys_with_the_next_request(self, lena: Membership, omar: Membership) -> None:
        browser, program = Client(), Program(make_secret(omar))
        browser.force_login(omar.user)
        assert (browser.get("/o/northwind/deals/").status_code, program.get("me").status_code) == (200, 200)
        with tenant_scope(lena.tenant_id):
            services.deactivate_member(member=omar, actor=lena, at=timezone.now())
        assert (browser.get("/o/northwind/deals/").status_code, program.get("me").status_code) == (404, 401)

    def test_keeps_the_person_in_another_organisation(self, lena: Membership, eve: Membership) -> None:
        hers = make_member("eve", tenant=lena.tenant, role=Role.LEADER)
        browser = Client()
        browser.force_login(eve.user)
        with tenant_scope(lena.tenant_id):
            services.deactivate_member(member=hers, actor=lena, at=timezone.now())
        assert browser.get("/o/northwind/deals/").status_code == 404
        assert browser.get("/o/southwind/deals/").status_code == 200

    def test_who_comes_back_has_their_role_and_none_of_their_keys(self, lena: Membership, omar: Membership) -> None:
        program = Program(make_secret(omar))
        with tenant_scope(lena.tenant_id):
            services.deactivate_member(member=omar, actor=lena, at=timezone.now())
            services.reactivate_member(member=omar, actor=lena, at=timezone.now())
            assert not ApiToken.objects.filter(revoked_at=None).exists()
        browser = Client()
        browser.force_login(omar.user)
        assert browser.get("/o/northwind/deals/").status_code == 200
        assert program.get("me").status_code == 401

    def test_leaves_the_deals_where_they_are(self, lena: Membership, omar: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            deal = make_deal(actor=omar)
            services.deactivate_member(member=omar, actor=lena, at=timezone.now())
            assert Deal.objects.get(pk=deal.pk).owner == omar

    def test_leo_does_not_deactivate_lena(self, lena: Membership, leo: Membership) -> None:
        with tenant_scope(lena.tenant_id), pytest.raises(OutOfReach):
            services.deactivate_member(member=lena, actor=leo, at=NOON)

    def test_the_last_owner_stays(self, lena: Membership, leo: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            with pytest.raises(LastOwner):
                services.leave_organisation(member=lena, at=NOON)
            with pytest.raises(LastOwner):
                services.deactivate_member(member=lena, actor=lena, at=NOON)

    def test_an_owner_who_cannot_sign_in_is_none(self, lena: Membership, nina: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            Membership.objects.create(name="From an import", role=Role.OWNER)
            Membership.objects.filter(pk=nina.pk).update(is_active=False)
            with pytest.raises(LastOwner):
                services.leave_organisation(member=lena, at=NOON)

    def test_omar_leaves_by_himself(self, omar: Membership) -> None:
        with tenant_scope(omar.tenant_id):
            services.leave_organisation(member=omar, at=NOON)
            assert AuditEvent.objects.filter(verb="member.left", actor=omar).exists()
            assert not Membership.objects.get(pk=omar.pk).is_active


@pytest.mark.django_db(transaction=True)
class TestTwoOwnersAtOnce:
    def owners(self, tenant: Tenant) -> int:
        with tenant_scope(tenant.pk):
            return Membership.objects.filter(role=Role.OWNER, is_active=True).count()

    def test_who_leave_are_not_both_let_go(self, lena: Membership, nina: Membership) -> None:
        def leave(member: Membership) -> None:
            with tenant_scope(member.tenant_id):
                services.leave_organisation(member=member, at=NOON)

        told = at_once(lambda: leave(lena), lambda: leave(nina))
        assert [type(one) for one in told if one is not None] == [LastOwner]
        assert self.owners(lena.tenant) == 1

    def test_who_demote_each_other_leave_one(self, lena: Membership, nina: Membership) -> None:
        def demote(actor: Membership, pk: Any) -> None:
            with tenant_scope(actor.tenant_id):
                member = Membership.objects.get(pk=pk)
                services.change_role(member=member, to=Role.REP, actor=actor, at=NOON)

        told = at_once(lambda: demote(lena, nina.pk), lambda: demote(nina, lena.pk))
        assert [type(one) for one in told if one is not None] == [NotAllowed]
        assert self.owners(lena.tenant) == 1


class TestOwnership:
    def test_is_handed_over_in_one_deed(self, lena: Membership, omar: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            services.hand_over_ownership(to=omar, actor=lena, at=NOON)
            roles = dict(Membership.objects.values_list("name", "role"))
            assert roles == {"Lena": Role.LEADER, "Omar": Role.OWNER}
            assert AuditEvent.objects.filter(verb="organisation.handed_over").count() == 1

    def test_is_not_leos_to_give(self, leo: Membership, omar: Membership) -> None:
        with tenant_scope(leo.tenant_id), pytest.raises(NotAllowed):
            services.hand_over_ownership(to=omar, actor=leo, at=NOON)

    def test_goes_to_nobody_who_cannot_sign_in(self, lena: Membership, omar: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            Membership.objects.filter(pk=omar.pk).update(is_active=False)
            for nobody in (omar, Membership.objects.create(name="From an import")):
                with pytest.raises(MemberIsOver):
                    services.hand_over_ownership(to=nobody, actor=lena, at=NOON)
            with pytest.raises(Invalid):
                services.hand_over_ownership(to=lena, actor=lena, at=NOON)


class TestDeals:
    def test_are_handed_over_in_one_deed(self, lena: Membership, omar: Membership, mara: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            deals = [make_deal(actor=omar, name=f"Deal {number}") for number in range(3)]
            other = make_deal(actor=mara, name="Another's")
            assert hand_over_deals(giver=omar, to=mara, actor=lena, at=NOON) == 3
            assert set(Deal.objects.values_list("owner", flat=True)) == {mara.pk}
            spans = OwnerSpan.objects.filter(deal=deals[0]).order_by("from_on")
            assert [(span.owner, span.until_on is None) for span in spans] == [(omar, False), (mara, True)]
            event = DealEvent.objects.get(deal=deals[0], kind="reassigned")
            assert event.data == {"owner": [omar.name, mara.name]}
            assert not DealEvent.objects.filter(deal=other, kind="reassigned").exists()
            assert AuditEvent.objects.get(verb="deals.handed_over").data["deals"] == 3

    def test_cost_the_same_for_two_as_for_twenty(
        self, lena: Membership, omar: Membership, mara: Membership, django_assert_num_queries: Any
    ) -> None:
        with tenant_scope(lena.tenant_id):
            for number in range(20):
                make_deal(actor=omar, name=f"Deal {number}")
            with django_assert_num_queries(8):
                hand_over_deals(giver=omar, to=mara, actor=lena, at=NOON)

    def test_go_to_somebody_who_sells(self, lena: Membership, omar: Membership, vera: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            make_deal(actor=omar)
            for to in (vera, omar, Membership.objects.create(name="From an import")):
                with pytest.raises(Invalid):
                    hand_over_deals(giver=omar, to=to, actor=lena, at=NOON)

    def test_are_not_marias_to_give(self, omar: Membership, mara: Membership) -> None:
        with tenant_scope(omar.tenant_id), pytest.raises(NotAllowed):
            hand_over_deals(giver=omar, to=mara, actor=mara, at=NOON)


class TestPlaceholders:
    @pytest.fixture
    def moses(self, northwind: Tenant, lena: Membership) -> Membership:
        """An owner whom an import named."""
        with tenant_scope(northwind.pk):
            team = Team.objects.create(name="Central")
            moses = Membership.objects.create(name="Moses F.", source="crm", external_id="moses", team=team)
            Team.objects.filter(pk=team.pk).update(manager=moses)
            open_deal(actor=lena, owner=moses, name="Imported", at=NOON, qualified_on=NOON.date())
            call = ActivityType.objects.order_by("position")[0]
            log_activity(actor=lena, member=moses, type=call, at=NOON, recorded_at=NOON)
        return moses

    def test_what_was_theirs_is_the_members(self, lena: Membership, omar: Membership, moses: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            moved = services.link_placeholder(placeholder=moses, member=omar, actor=lena, at=NOON)
            assert moved == {"deals": 1, "activities": 1, "mutual_steps": 0}
            deal = Deal.objects.get()
            assert (deal.owner, deal.owner_at_qualification) == (omar, omar)
            assert [span.owner for span in OwnerSpan.objects.all()] == [omar]
            assert [activity.member for activity in Activity.objects.all()] == [omar]
            assert Team.objects.get().manager == omar
            omar.refresh_from_db()
            assert (omar.source, omar.external_id, omar.team_id) == ("crm", "moses", moses.team_id)
            gone = Membership.objects.get(pk=moses.pk)
            assert (gone.merged_into, gone.is_active) == (omar, False)
            assert AuditEvent.objects.get(verb="member.linked").data["was"] == "Moses F."

    def test_what_can_only_be_added_to_stays_as_it_was_written(
        self, lena: Membership, omar: Membership, moses: Membership
    ) -> None:
        with tenant_scope(lena.tenant_id):
            before = list(DealEvent.objects.order_by("pk").values())
            services.link_placeholder(placeholder=moses, member=omar, actor=lena, at=NOON)
            assert list(DealEvent.objects.order_by("pk").values()) == before

    def test_becomes_nobody_twice(
        self, lena: Membership, omar: Membership, mara: Membership, moses: Membership
    ) -> None:
        with tenant_scope(lena.tenant_id):
            services.link_placeholder(placeholder=moses, member=omar, actor=lena, at=NOON)
            with pytest.raises(NotAPlaceholder):
                services.link_placeholder(placeholder=moses, member=mara, actor=lena, at=NOON)
            with pytest.raises(NotAPlaceholder):
                services.reactivate_member(member=moses, actor=lena, at=NOON)
            with pytest.raises(NotAPlaceholder):
                services.link_placeholder(placeholder=omar, member=mara, actor=lena, at=NOON)

    def test_becomes_nobody_who_cannot_sign_in(self, lena: Membership, moses: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            other = Membership.objects.create(name="Also from an import")
            with pytest.raises(MemberIsOver):
                services.link_placeholder(placeholder=moses, member=other, actor=lena, at=NOON)

    def test_are_not_maras_to_link(self, mara: Membership, omar: Membership, moses: Membership) -> None:
        with tenant_scope(mara.tenant_id), pytest.raises(NotAllowed):
            services.link_placeholder(placeholder=moses, member=omar, actor=mara, at=NOON)


class TestTheList:
    def names(self, **wanted: Any) -> list[str]:
        return [
            one.name for one in people.page_of(people.narrowed(PeopleFilter(**wanted)), after=None, size=50).members
        ]

    def test_is_narrowed(self, lena: Membership, omar: Membership, mara: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            europe = Team.objects.create(name="Europe")
            oslo = Team.objects.create(name="Oslo", parent=europe)
            Membership.objects.filter(pk=omar.pk).update(team=oslo)
            Membership.objects.create(name="From an import")
            Membership.objects.filter(pk=mara.pk).update(is_active=False)
            assert self.names() == ["From an import", "Lena", "Omar"]
            assert self.names(standing=PLACEHOLDER) == ["From an import"]
            assert self.names(standing=DEACTIVATED) == ["Mara"]
            assert self.names(team=europe.pk) == ["Omar"]
            assert self.names(words="LEN") == ["Lena"]
            assert self.names(words="omar@") == ["Omar"]
            assert self.names(role=Role.OWNER) == ["Lena"]

    def test_is_read_page_by_page_by_name(self, lena: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            Membership.objects.bulk_create(Membership(name=name) for name in ("bert", "Bert", "anna", "Éva", "zoe"))
            found, after = [], None
            while True:
                page = people.page_of(people.narrowed(PeopleFilter()), after=after, size=2)
                found += [one.name for one in page.members]
                if page.more is None:
                    break
                after = people.Spot.parse(str(page.more))
            assert sorted(found) == ["Bert", "Lena", "anna", "bert", "zoe", "Éva"]
            assert found[0] == "anna"
