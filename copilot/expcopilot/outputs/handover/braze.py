"""Copy for Braze: Content Blocks as the bodies of API requests, and a Catalog as CSV.

Variant text is never a template: Liquid in it comes out as text, and so does HTML where HTML is read. In a Catalog that
holds with ``:rerender`` (which the message should say, and which prints plain fields exactly) and without it.

References:
    Braze, Create Content Block (braze.com/docs/api/endpoints/templates/content_blocks_templates/
    post_create_email_content_block): name below 100 characters, description below 250, state active or draft.
    Braze, Creating a catalog (braze.com/docs/user_guide/personalization_and_dynamic_content/catalogs/catalog): first
    column ``id``; letters, numbers, hyphens and underscores in ids and headers; at most 1,000 columns, 250 characters a
    header, 5,000 a value; UTF-8.
    Braze, Using catalogs (same folder): a value's Liquid runs only under ``:rerender``, one level deep.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from copilot_tools.refusals import Refusal, refuse_if_any
from copilot_tools.wording.plain import shortened
from expcopilot.outputs.handover.handover import Arm, Handover, safe
from expcopilot.outputs.handover.markup import as_html, as_json, as_liquid, format_of

__all__ = ["block_name", "to_catalog", "to_content_blocks"]

_NAME = 99
_DESCRIPTION = 249
_BLOCK = 50_000
"""Bytes of a block's content. Braze's dashboard stops at 50 KB; copy is never near it."""
_VALUE = 5_000
_ITEM = 80


def block_name(handover: Handover, variant: str, field: str) -> str:
    """What the Content Block of one field is called: at most 98 characters, fit for a Liquid tag."""
    return f"{handover.key}_{safe(variant, 30)}_{safe(field, 26)}"


def to_content_blocks(handover: Handover) -> str:
    """A JSON array: for each field of each variant the body of one ``POST /content_blocks/create``.

    Control gets none: its copy is in Braze already.

    Raises:
        Refused: The hand-over does not fit together, or a text is longer than Braze takes.
    """
    arms = [arm for arm in handover.arms() if arm.variant]
    blocks = [_block(handover, arm, field, text) for arm in arms for field, text in arm.text.items()]
    refuse_if_any(_too_long_blocks(blocks))
    refuse_if_any(_same_name([str(block["name"]) for block in blocks]))
    return as_json(blocks)


def to_catalog(handover: Handover) -> str:
    """A Catalog: one item a variant (and one for control, where its copy is known), one column a field.

    ``{% catalog_items KEY v1 :rerender %}{{ items[0].subject }}`` puts the subject of v1 into a message.

    Raises:
        Refused: The hand-over does not fit together, or a text is longer than Braze takes.
    """
    fields = handover.field_names
    headers = [_header(field) for field in fields]
    arms = [arm for arm in handover.arms() if arm.text]
    cells = {
        (arm.name, field): _written(handover.channel, field, arm.text.get(field, ""))
        for arm in arms
        for field in fields
    }
    refuse_if_any(_same_name([safe(arm.name, _ITEM) for arm in arms]))
    refuse_if_any(_same_name(headers))
    refuse_if_any(_too_long_values(cells))
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", *headers, "mechanism", "digest"])
    for arm in arms:
        approved = arm.variant
        writer.writerow(
            [
                safe(arm.name, _ITEM),
                *(cells[arm.name, field] for field in fields),
                as_liquid(approved.mechanism) if approved else "",
                approved.digest if approved else "",
            ]
        )
    return out.getvalue()


def _block(handover: Handover, arm: Arm, field: str, text: str) -> dict[str, str | list[str]]:
    approved = arm.variant
    form = format_of(handover.channel, field)
    said = f"{form}; digest {approved.digest[:16]}" if approved else form
    # A description is shown, never rendered; it still holds no sign of markup, so that nobody has to know that.
    who = re.sub(r"[{}<>%&]", "", shortened(approved.approved_by, 60)) if approved else ""
    return {
        "name": block_name(handover, arm.name, field),
        "description": f"{handover.key}, {safe(arm.name, 30)}, {safe(field, 26)}: {said}; approved by {who}"[
            :_DESCRIPTION
        ],
        "content": _written(handover.channel, field, text),
        "state": "active",
        "tags": [],
    }


def _written(channel: str, field: str, text: str) -> str:
    return as_html(text) if format_of(channel, field) == "html" else as_liquid(text)


def _header(field: str) -> str:
    name = safe(field, 60)
    return f"field_{name}" if name in {"id", "mechanism", "digest"} else name


def _too_long_blocks(blocks: list[dict[str, str | list[str]]]) -> Iterator[Refusal]:
    for block in blocks:
        size = len(str(block["content"]).encode())
        if size > _BLOCK:
            yield _problem(
                "handover.too_long", f"The Content Block {block['name']} has {size:,} bytes; at most {_BLOCK:,}.", size
            )
        if len(str(block["name"])) > _NAME:
            yield _problem("handover.too_long", f"{block['name']} is longer than {_NAME} characters.", _NAME)


def _too_long_values(cells: dict[tuple[str, str], str]) -> Iterator[Refusal]:
    for (arm, field), value in cells.items():
        if len(value) > _VALUE:
            yield _problem(
                "handover.too_long",
                f"{arm}, {field}: the Catalog's value has {len(value):,} characters as written; at most {_VALUE:,}.",
                len(value),
            )


def _same_name(names: list[str]) -> Iterator[Refusal]:
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield Refusal(
            code="handover.same_name",
            reason=f"Two entries would both be called {name!r} in Braze.",
            cure="Rename one of the variants or fields.",
            name="variants",
            value=name,
        )


def _problem(code: str, reason: str, value: int) -> Refusal:
    return Refusal(code=code, reason=reason, cure="Shorten the text, or split the field.", name="fields", value=value)
