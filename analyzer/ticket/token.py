"""The token for a tracker: from the environment, the keyring or netrc, and from nowhere else."""

from __future__ import annotations

import netrc
from collections.abc import Mapping
from pathlib import Path

from analyzer.errors import NoToken
from analyzer.ticket.parcel import Place, Token

SERVICE = "hanganalyze"
_OWN = "HANGANALYZE_TOKEN"
# A token that other programs know belongs to its own tracker and goes nowhere else.
_USUAL = {"github.com": ("GITHUB_TOKEN", "GH_TOKEN"), "gitlab.com": ("GITLAB_TOKEN",)}


def token_for(place: Place, environment: Mapping[str, str]) -> Token:
    """Raises NoToken, which says where one may lie."""
    for name in (_OWN, *_USUAL.get(place.host, ())):
        if value := environment.get(name):
            return Token(value, environment.get("HANGANALYZE_LOGIN"))
    found = _from_keyring(place.host) or _from_netrc(place.host, environment)
    if found is None:
        usual = ", ".join((_OWN, *_USUAL.get(place.host, ())))
        raise NoToken(place.host, usual, SERVICE)
    return found


def _from_keyring(host: str) -> Token | None:
    try:
        import keyring

        secret = keyring.get_password(SERVICE, host)
    except Exception:  # no keyring installed, none running, or locked: then it has no token for us
        return None
    return Token(secret) if secret else None


def _from_netrc(host: str, environment: Mapping[str, str]) -> Token | None:
    place = Path(environment.get("NETRC") or Path(environment.get("HOME", "~")).expanduser() / ".netrc")
    try:
        entry = netrc.netrc(str(place)).hosts.get(host)  # never its «default»: a token for everybody is for nobody
    except (OSError, netrc.NetrcParseError):
        return None
    return Token(entry[2], entry[0] or None) if entry and entry[2] else None
