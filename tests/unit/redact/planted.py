"""Forty secrets of twelve kinds, none of them real, and none that stands in the source of this project by chance."""

from __future__ import annotations

from typing import NamedTuple


class Planted(NamedTuple):
    """One secret."""

    kind: str
    text: str
    by_looks: bool
    """It is found by how it looks, wherever it stands; else because the machine or the process knows it."""


_BODY = "Zq7Wm2Kp9Xv4Lt6Rb1Nc8Yd3"

PLANTED = (
    Planted("user", "mirabella", False),
    Planted("user", "tobermory", False),
    Planted("user", "Quentin Ashdown", False),
    Planted("host", "buildbox77", False),
    Planted("host", "db-primary.corp.test", False),
    Planted("home", "/srv/people/mirabelhome", False),
    Planted("home", "/data/homes/tobermorz", False),
    Planted("machine-id", "4f0a1c7de2b94c6f8d3ea5b60719c2fe", False),
    Planted("boot-id", "5b1f0c9e-7a42-4d38-9c61-2e8f40d7ab13", False),
    Planted("boot-id", "c0ffee127a424d389c612e8f40d7ab13", False),
    Planted("ip-address", "203.0.113.77", True),
    Planted("ip-address", "10.20.30.41", True),
    Planted("ip-address", "2001:db8:77::42", True),
    Planted("ip-address", "fe80::9a3b:c1ff:fe00:1", True),
    Planted("mac-address", "9a:3b:c1:07:5e:42", True),
    Planted("mac-address", "DE:AD:10:CC:00:07", True),
    Planted("argument", "quarterly-numbers-2031.tar", False),
    Planted("argument", "/srv/customers/acmecorp/ledger", False),
    Planted("argument", "projectnightjar", False),
    Planted("environment", "tenant-bluefin-42", False),
    Planted("environment", "s3://acme-ledger-bucket", False),
    Planted("environment", "vault.internal.acme", False),
    Planted("e-mail", "mirabella.ash@example.org", True),
    Planted("e-mail", "t+oncall@mail.example.co.uk", True),
    Planted("token", "AKIA" + "Q7WM2KP9XV4LT6RB", True),
    Planted("token", "ASIA" + "Q7WM2KP9XV4LT6RC", True),
    Planted("token", "ghp_" + _BODY + "abcdefghijkl", True),
    Planted("token", "github_pat_" + _BODY + "_abcdefghijklmno", True),
    Planted("token", "glpat-" + _BODY[:20], True),
    Planted("token", "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiI0MiJ9." + _BODY, True),
    Planted("token", "xoxb-" + "1234567890-" + _BODY, True),
    Planted("token", "-----BEGIN RSA PRIVATE KEY-----\nMIIEow" + _BODY + "\n-----END RSA PRIVATE KEY-----", True),
    Planted("token", "Bearer " + _BODY, True),
    Planted("token", "Basic " + "bWlyYWJlbGxhOmh1bnRlcjI=", True),
    Planted("secret", "https://deploy:corRecthorse9@git.acme.test/x", True),
    Planted("secret", "DB_PASSWORD=battery9Staple", True),
    Planted("secret", "--api-key=K9-" + _BODY[:12], True),
    Planted("secret", '"client_secret": "v3ry-' + _BODY[:8] + '"', True),
    Planted("secret", "token: t0k-" + _BODY[4:14], True),
    Planted("secret", "--password hunter2hunter2", True),
)


def core(one: Planted) -> str:
    """The part of a secret that must not be seen: its context («password=») may."""
    text = one.text
    if one.kind == "token":
        text = text.removeprefix("Bearer ").removeprefix("Basic ")
        return "MIIEow" if "BEGIN" in text else text
    if one.kind == "secret":
        if "://" in text:
            return text.split(":")[2].split("@")[0]
        for sign in ('": "', "=", ": ", " "):
            if sign in text:
                return text.split(sign, 1)[1].strip('"')
    return text
