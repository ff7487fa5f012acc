"""Debian packages of another architecture, without touching the host's dpkg.

apt runs on a private state directory: the host's list of architectures and packages stays as it is. The mirrors are the
ones the host itself uses, so that a local mirror or proxy is honoured.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import CannotRunHere

SUITE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT_SECONDS = 180.0

_CONFIG = """\
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
Dir::State "{directory}/state";
Dir::State::status "{directory}/status";
Dir::Cache "{directory}/cache";
Dir::Log "{directory}";
Dir::Etc::sourcelist "{directory}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
"""


@dataclass(frozen=True)
class ForeignApt:
    """A private apt for one Debian architecture, kept in `directory` so that lists and .deb files are reused."""

    architecture: str
    """Debian's name: s390x, arm64, ppc64el."""
    directory: Path

    def refresh(self, pretend_installed: Mapping[str, str]) -> None:
        """Fetch the package lists (1 s when nothing changed).

        `pretend_installed` maps packages that others depend on, but the guest never uses, to what they provide ("" for
        nothing): apt then leaves them and their dependencies out.
        """
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self.directory / part).mkdir(parents=True, exist_ok=True)
        (self.directory / "apt.conf").write_text(
            _CONFIG.format(architecture=self.architecture, directory=self.directory), "utf-8"
        )
        (self.directory / "sources.list").write_text(_sources(), "utf-8")
        (self.directory / "status").write_text(_status(pretend_installed, self.architecture), "utf-8")
        self._apt("update", "-q")

    def resolve(self, packages: Sequence[str]) -> tuple[str, ...]:
        """File names (name_version_architecture.deb) of `packages` and all they depend on, sorted: a key for caches."""
        found = _PLANNED.findall(self._apt("install", "--simulate", "-qq", *packages))
        return tuple(sorted(f"{name}_{version.replace(':', '%3a')}_{kind}.deb" for name, version, kind in found))

    def fetch(self, packages: Sequence[str]) -> tuple[Path, ...]:
        """Download what `resolve` names, unless it is there already; the paths, sorted. 66 MB take 2 to 4 s here."""
        self._apt("install", "--download-only", "-y", "-q", *packages)
        return tuple(self.directory / "cache/archives" / name for name in self.resolve(packages))

    def _apt(self, *arguments: str) -> str:
        environment = {**os.environ, "APT_CONFIG": str(self.directory / "apt.conf"), "LC_ALL": "C"}
        done = subprocess.run(
            ["apt-get", *arguments], env=environment, capture_output=True, text=True, timeout=APT_SECONDS, check=False
        )
        if done.returncode != 0:
            raise CannotRunHere(f"apt-get {' '.join(arguments)} for {self.architecture} failed: {done.stderr.strip()}")
        return done.stdout


_PLANNED = re.compile(r"^Inst (\S+?)(?::\S+)? \((\S+) .*\[(\w+)\]\)", re.MULTILINE)


def unpack(package: Path, directory: Path) -> None:
    """Unpack one .deb over `directory`, keeping /lib -> usr/lib and its like where a package brings /lib as a directory."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as data:
        tar = ["tar", "-x", "-p", "--numeric-owner", "--keep-directory-symlink", "-f", "-", "-C", str(directory)]
        unpacked = subprocess.run(tar, stdin=data.stdout, capture_output=True, text=True, timeout=60, check=False)
    if data.returncode != 0 or unpacked.returncode != 0:
        raise CannotRunHere(f"cannot unpack {package.name}: {unpacked.stderr.strip()}")


def _sources() -> str:
    fields = "$(LABEL)|$(CODENAME)|$(REPO_URI)"
    asked = ["apt-get", "indextargets", "--format", fields, "Origin: Debian", "Created-By: Packages"]
    try:
        listed = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True).stdout.split()
    except (OSError, subprocess.SubprocessError) as failure:
        raise CannotRunHere(f"the guests are made from Debian packages, and apt is of no use here: {failure}") from failure
    targets = [line.split("|") for line in listed]
    main = {uri for label, codename, uri in targets if label == "Debian" and "-" not in codename}
    security = {uri for label, _, uri in targets if label == "Debian-Security"}
    if not main:
        raise CannotRunHere("apt knows no Debian mirror here (apt-get update may be needed)")
    suites = [(min(main), SUITE), (min(main), f"{SUITE}-updates")]
    suites += [(uri, f"{SUITE}-security") for uri in sorted(security)[:1]]
    return "".join(f"deb [signed-by={KEYRING}] {uri} {suite} main\n" for uri, suite in suites)


def _status(pretend_installed: Mapping[str, str], architecture: str) -> str:
    paragraph = (
        "Package: {}\nStatus: install ok installed\nVersion: 999\nArchitecture: {}\nMulti-Arch: foreign\n"
        "Maintainer: nobody\nDescription: not needed in the guest\n{}\n"
    )
    return "".join(
        paragraph.format(name, architecture, f"Provides: {provided}\n" if provided else "")
        for name, provided in pretend_installed.items()
    )
