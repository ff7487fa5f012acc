"""What looks private by itself: tokens, keys, passwords, addresses, homes. Each pattern is linear and marks its own kind.

A pattern's group is its kind with ``_`` for ``-``; where only a part of the match is private, that part is the group
``KIND_v``. ``hint``: one of these stands in every match (small letters), which is cheaper to look for than the pattern.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple


class Look(NamedTuple):
    """One kind and how it looks."""

    kind: str
    pattern: str
    hints: tuple[str, ...] = ()
    glance: str = ""
    """A short pattern that stands in every match, where no hint is rare enough."""


_CALLED = r"(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization)"
_B = r"(?<![A-Za-z0-9])"

SECRETS: tuple[Look, ...] = (
    Look("token", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", ("private key",)),
    # Names of threads are cut after 15 bytes, so a token counts from its first few characters on.
    Look("token", _B + r"(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{8,}", ("akia", "asia", "aroa", "aida")),
    Look(
        "token",
        _B + r"(?:gh[pousr]_[A-Za-z0-9]{6,}|github_pat_[A-Za-z0-9_]{4,})",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    ),
    Look(
        "token", _B + r"gl(?:pat|dt|rt|cbt|ptt|ft)-[A-Za-z0-9_.-]{5,}", ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-")
    ),
    Look("token", _B + r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,2}", ("eyj",)),
    Look("token", _B + r"xox[abeoprs]-[A-Za-z0-9-]{6,}", ("xox",)),
    Look(
        "token", _B + r"(?:AIza[A-Za-z0-9_-]{8,}|sk_(?:live|test)_[A-Za-z0-9]{6,}|sk-[A-Za-z0-9_-]{16,})", ("aiza", "sk_", "sk-")
    ),
    Look(
        "token",
        _B + r"(?:npm_[A-Za-z0-9]{20,}|pypi-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{16,}|dckr_pat_\w{8,})",
        ("npm_", "pypi-", "hf_", "dckr_pat_"),
    ),
    Look("token", r"(?i:\b(?:bearer|basic)[ +])(?P<VALUE>[A-Za-z0-9+/._~-]{8,}=*)", ("bearer", "basic")),
    Look("secret", r"://[^\s/@:?#\x00]*:(?P<VALUE>[^\s/@\x00]{1,200})@", ("://",)),
    Look(
        "secret",
        # name=value and name: value; the latter only where the value has a digit, because prose has colons too. An
        # address is no secret.
        r"(?i:" + _CALLED + r"[A-Za-z0-9_-]{0,20}[\"']?)"
        r"(?:=[\"']?|: ?[\"']?(?=[^\s\"',;&<>]{0,200}[0-9])|[ \t](?=[^\s\"',;&<>]{0,200}[0-9])(?<=[a-zA-Z] ))"
        r"(?!0x[0-9a-fA-F]+\b|<)(?P<VALUE>[^\s\"',;&<>\x00]{3,400})",
        ("pass", "secret", "token", "key", "credential", "authorization"),
    ),
)
"""Looked for in every text."""

_HOSTNAME = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,62}[A-Za-z0-9])?"
# Unit names of systemd and symbols with a version look like addresses of e-mail.
_NO_DOMAIN = r"(?!(?:service|socket|slice|scope|mount|target|timer|device|path|swap)\b)"

_PAIRS = r":[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}:"

PLACES: tuple[Look, ...] = (
    Look(
        "e-mail",
        r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}" + _NO_DOMAIN + r"[A-Za-z]{2,24}\b",
        ("@",),
    ),
    Look("user", r"/(?:home|Users|export/home|var/home)/(?P<VALUE>[^\s/:\"'<>\x00]{1,64})", ("home/", "users/")),
    Look(
        "mac-address",
        r"(?<![0-9A-Fa-f])(?<![0-9A-Fa-f][:-])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Za-z]|:[0-9A-Fa-f])",
        (":",),
        _PAIRS,
    ),
    Look(
        "ip-address",
        r"(?<![0-9A-Za-z.])(?<![0-9A-Fa-f]:)(?<!::)(?:[0-9A-Fa-f]{0,4}:){2,7}"
        r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{1,4}|(?<=::))(?![0-9A-Za-z]|:[0-9A-Fa-f])",
        (":",),
        r"[0-9A-Fa-f:]:[0-9A-Fa-f]*:",
    ),
    Look(
        "ip-address", r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\w|\.(?:[0-9]|so\b))", (".",), r"[0-9]\.[0-9]+\.[0-9]+\.[0-9]"
    ),
    Look("machine-id", r"(?i:machine[ _-]?id\W{1,4})(?P<VALUE>[0-9a-f]{32})\b", ("machine",)),
    Look("boot-id", r"(?i:boot[ _-]?id\W{1,4})(?P<VALUE>[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12})\b", ("boot",)),
    Look("machine-id", r"/(?:var|run)/log/journal/(?P<VALUE>[0-9a-f]{32})\b", ("/log/journal/",)),
    Look("host", r"(?i:\bhostname[:=] ?)(?P<VALUE>" + _HOSTNAME + ")", ("hostname",)),
)
"""Looked for outside source names and outside the paths of system files."""

SYSTEM_PATH = (
    r"(?<![\w.+-])/(?:usr/(?!local/|home/)|lib(?:32|64|x32)?/|s?bin/|"
    r"sys/|dev/(?!shm/)|proc/(?:self|[0-9]+)/(?!root/))[\w.+@:/~-]*"
)
PLACEHOLDER = r"<[a-z]+(?:-[a-z]+)?-[0-9]+>"
LOCAL = re.compile(r"^(?:127\.|0\.0\.0\.0$|255\.255\.)")


def is_private_address(text: str) -> bool:
    """An IP address that tells something: neither this host's own loopback nor no address at all."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if address.version == 6 and not any(letter.isdigit() for letter in text):
        return False  # C++ writes «dead::beef» as well
    return not (address.is_loopback or address.is_unspecified or LOCAL.match(text))


def grouped(look: Look, number: int) -> str:
    """The pattern as a named group that no other shares; its value's group ends with ``_v``."""
    name = f"g{number}"
    return f"(?P<{name}>{look.pattern.replace('?P<VALUE>', f'?P<{name}_v>')})"
