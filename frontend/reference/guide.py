"""The examples of the introduction, which run as they stand like all others."""

from __future__ import annotations

from frontend.reference import operations
from frontend.reference.examples import call, made, taken
from frontend.reference.samples import MADE

WITH_TOKEN = '-H "Authorization: Bearer $TOKEN"'


def examples(site: str) -> dict[str, str]:
    """Each example of the introduction by its name."""
    api = f"{site}/api/v1"
    by_operation = {
        operation.name: operation.curl
        for resource in operations.resources(site).values()
        for operation in resource.operations
    }
    return {
        "me": by_operation["get_me"],
        "types": by_operation["list_activity_types"],
        "own_ids": _own_ids(api),
        "activity": by_operation["create_activity"],
        "milestone": by_operation["create_milestone"],
        "statistics": by_operation["list_statistics"],
        "pages": _pages(api),
        "filters": f"{taken(site, 'mem')}\n\n" + call(f"{api}/deals?is_open=true&owner=$MEMBER", "GET"),
        "fields": call(f"{api}/deals?fields=name,amount,currency,company&expand=company", "GET"),
        "etags": _etags(site, api),
        "idempotency": _sent_twice(api),
        "steps": by_operation["move_deal"],
        "many": by_operation["upsert_deals"],
        "past": call(f"{api}/deals?as_of=2020-01-31", "GET"),
        "limits": f'curl -s -o /dev/null -D - "{api}/me" \\\n  {WITH_TOKEN} | grep -i ratelimit',
        "refused": call(f"{api}/deals?colour=red", "GET"),
    }


def _own_ids(api: str) -> str:
    deal = {"name": "Leak analytics", "source": "our_crm", "external_id": "$ID"}
    return "\n\n".join(
        [
            "ID=$(date +%s)",
            call(f"{api}/deals", "POST", deal),
            call(f"{api}/deals?source=our_crm&external_id=$ID", "GET"),
        ]
    )


def _pages(api: str) -> str:
    return (
        f'NEXT="{api}/deals?limit=50"\n'
        'while [ -n "$NEXT" ]; do\n'
        f'  PAGE=$(curl -s "$NEXT" {WITH_TOKEN})\n'
        '  echo "$PAGE"\n'
        '  NEXT=$(echo "$PAGE" | grep -o \'"next":"[^"]*\' | cut -d \'"\' -f 4)\n'
        "done"
    )


def _etags(site: str, api: str) -> str:
    deal = f"{api}/deals/$DEAL"
    return "\n\n".join(
        [
            made(site, "deal", "deals", MADE["deals"]),
            f"ETAG=$(curl -s -o /dev/null -w '%header{{etag}}' \"{deal}\" \\\n  {WITH_TOKEN})",
            f"curl -s -o /dev/null -w '%{{http_code}}\\n' \"{deal}\" \\\n  {WITH_TOKEN} \\\n"
            '  -H "If-None-Match: $ETAG"  # 304: nothing has changed',
            call(f"{deal}/qualification", "POST", {"note": "They asked us."}, matched=True),
        ]
    )


def _sent_twice(api: str) -> str:
    return (
        "KEY=$(date +%s%N)\n"
        "for attempt in 1 2; do\n"
        f'  curl "{api}/deals" \\\n    {WITH_TOKEN} \\\n'
        '    -H "Idempotency-Key: $KEY" \\\n'
        '    --json \'{"name": "Leak analytics"}\'\n'
        "done"
    )
