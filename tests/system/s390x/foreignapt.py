"""Debian packages of another architecture, without touching the host's dpkg.

apt runs on a private state directory: the host's list of architectures and packages stays as it is. The mirrors are the
ones the host itself uses, so that a local mirror or proxy is honoured.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import CannotRunHere

SUITE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT_SECONDS = 180.0
LISTS_KEPT_SECONDS = 6 * 3600.0
"""Long enough for a day's work not to pay for lists again and again, short enough to follow a point release."""

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
        """Set up, and fetch the package lists if they are older than `LISTS_KEPT_SECONDS`.

        `pretend_installed` maps packages that others depend on, but the guest never uses, to what they provide ("" for
        nothing): apt then leaves them and their dependencies out.
        """
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self.directory / part).mkdir(parents=True, exist_ok=True)
        # Written only when different: a newer file makes apt rebuild its own cache, which costs seconds.
        _write_if_different(self.directory / "apt.conf", _CONFIG.format(architecture=self.architecture, directory=self.directory))
        _write_if_different(self.directory / "status", _status(pretend_installed, self.architecture))
        sources = _write_if_different(self.directory / "sources.list", _sources())
        if sources or self._lists_age_seconds() > LISTS_KEPT_SECONDS:
            self.update()

    def update(self) -> None:
        """Fetch the package lists now."""
        self._apt("update", "-q")
        (self.directory / "updated").touch()

    def resolve(self, packages: Sequence[str]) -> tuple[str, ...]:
        """File names (name_version_architecture.deb) of `packages` and all they depend on, sorted: a key for caches."""
        found = _PLANNED.findall(self._apt("install", "--simulate", "-qq", *packages))
        return tuple(sorted(f"{name}_{version.replace(':', '%3a')}_{kind}.deb" for name, version, kind in found))

    @property
    def archives(self) -> Path:
        """Where the fetched .deb files lie."""
        return self.directory / "cache/archives"

    def fetch(self, packages: Sequence[str], names: Sequence[str]) -> None:
        """Download into `archives` what is not there yet; `names` is what `resolve` said of `packages`.

        66 MB take 2 to 4 s here. A mirror that no longer has a version: `CannotRunHere`; `update` and resolve again.
        """
        if not all((self.archives / name).exists() for name in names):
            self._apt("install", "--download-only", "-y", "-q", *packages)

    def forget_all_but(self, names: Sequence[str]) -> None:
        """Delete the .deb files of versions that are no longer wanted."""
        for path in self.archives.glob("*.deb"):
            if path.name not in names:
                path.unlink()

    def _lists_age_seconds(self) -> float:
        try:
            return time.time() - (self.directory / "updated").stat().st_mtime
        except FileNotFoundError:
            return float("inf")

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
        without = [f"--exclude=./usr/share/{name}" for name in ("doc", "man", "locale", "info", "lintian")]
        tar = ["tar", "-x", *without, "-p", "--numeric-owner", "--keep-directory-symlink", "-f", "-", "-C", str(directory)]
        unpacked = subprocess.run(tar, stdin=data.stdout, capture_output=True, text=True, timeout=60, check=False)
    if data.returncode != 0 or unpacked.returncode != 0:
        raise CannotRunHere(f"cannot unpack {package.name}: {unpacked.stderr.strip()}")


def _write_if_different(path: Path, text: str) -> bool:
    if path.exists() and path.read_text("utf-8") == text:
        return False
    path.write_text(text, "utf-8")
    return True


def _sources() -> str:
    fields = "$(LABEL)|$(CODENAME)|$(REPO_URI)"
    asked = ["apt-get", "indextargets", "--format", fields, "Origin: Debian", "Created-By: Packages"]
    try:
        listed = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True).stdout.split()
    except (OSError, subprocess.SubprocessError) as failure:
        raise CannotRunHere(f"the guests are made from Debian packages, and apt is of no use here: {failure}") from failure
    targets = [line.split("|") for line in listed]
    main = sorted(uri for label, codename, uri in targets if label == "Debian" and "-" not in codename)
    if not main:
        raise CannotRunHere("apt knows no Debian mirror here (apt-get update may be needed)")
    # Point releases only: the security archive of architectures without long-term support is not kept consistent.
    return f"deb [signed-by={KEYRING}] {main[0]} {SUITE} main\n"


def _status(pretend_installed: Mapping[str, str], architecture: str) -> str:
    paragraph = (
        "Package: {}\nStatus: install ok installed\nVersion: 999\nArchitecture: {}\nMulti-Arch: foreign\n"
        "Maintainer: nobody\nDescription: not needed in the guest\n{}\n"
    )
    return "".join(
        paragraph.format(name, architecture, f"Provides: {provided}\n" if provided else "")
        for name, provided in pretend_installed.items()
    )
