"""Hand-overs for the tests: an ordinary one, and one whose every text attacks what will read it."""

from __future__ import annotations

from expcopilot.outputs.handover import ApprovedVariant, Handover
from expcopilot.records.copy import FieldText, Variant

USERS = [f"user-{i}" for i in range(10_000)]

ATTACKS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    '  =HYPERLINK("http://x.y","win")',
    "now;=1+1;done",
    "line\n=1+1",
    "'=1+1",
    "＝1+1",
    "<script>alert(1)</script>",
    "<img src=x onerror='alert(1)'>",
    '" onmouseover="alert(1)',
    "</script><script>alert(1)</script>",
    "{{ 7 | times: 7 }}",
    "{% for i in (1..3) %}x{% endfor %}",
    "{% endraw %}{{ secret }}",
    "{{content_blocks.${other}}}",
    "{{{ secret }}}",
    "{%- if true -%}yes{%- endif -%}",
    "a { b } c }} %} {",
    '{{ "{{ secret }}" }}',
    "{% comment %} {# x #} &#123;&#123; secret &#125;&#125;",
    "Save 20% & more – „Größe“ 'ß' 🎉\nSecond line",
)


def variant(name, mechanism="curiosity", **fields):
    """An approved variant with the digest its record gives."""
    texts = tuple(FieldText(name=n, text=t) for n, t in fields.items())
    own = Variant(id=name, brief="spring", channel="email", mechanism=mechanism, fields=texts, author="model")
    return ApprovedVariant(
        id=name,
        mechanism=mechanism,
        fields=texts,
        digest=own.digest,
        approved_by="Ada Lovelace",
        approved_at="2026-11-20T10:00:00Z",
        model="claude-sonnet-5-5",
    )


def ordinary(**more):
    """Two variants of an e-mail against today's copy."""
    given = {
        "experiment": "spring",
        "channel": "email",
        "variants": (
            variant("v1", subject="The third button", body="Under Keep and Cancel there is another one."),
            variant("v2", "control", subject="One, two or three months off", body="Pick how long."),
        ),
        "control": (FieldText(name="subject", text="Don't go"), FieldText(name="body", text="We miss you.")),
    }
    return Handover(**{**given, **more})


def hostile(channel="email"):
    """One variant for each attack, in a plain and in an HTML field, in its mechanism and in the control."""
    return Handover(
        experiment="=1+1 {{ secret }} <b>",
        channel=channel,
        variants=tuple(variant(f"v{i}", text, subject=text, body=text) for i, text in enumerate(ATTACKS)),
        control=(FieldText(name="subject", text=ATTACKS[0]), FieldText(name="body", text=ATTACKS[10])),
    )


def documented():
    """The hand-over whose files stand in docs/handover.md."""
    one = variant("v1", subject="The third button", body="Save {20%} & <more>")
    return ordinary(variants=(one,), control=())
