"""A client of a Dask scheduler: workers of our own on this machine, or a cluster that runs already."""

from __future__ import annotations

import contextlib
import importlib.util
import ipaddress
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from analyzer import __version__
from analyzer.errors import ClusterFailed, ExtraMissing, UsageError

if TYPE_CHECKING:
    import argparse

    from distributed import Client

Note = Callable[[str], None]
# Our work leaves nothing in a worker: one that pauses until memory becomes free would pause for ever.
_MEMORY = {f"distributed.worker.memory.{what}": False for what in ("target", "spill", "pause")}
# It looks at every thread a hundred times a second, for a page of the dashboard.
_PROFILE = {"distributed.worker.profile.enabled": False}
SECONDS = 30.0
"""How long a scheduler may take to answer, and a worker to be there."""


@contextlib.contextmanager
def cluster_for(arguments: argparse.Namespace, note: Note) -> Iterator[Client]:
    """A client with at least one worker. Raises UsageError, ExtraMissing, ClusterFailed."""
    address = arguments.scheduler and checked_address(arguments)
    with contextlib.ExitStack() as stack:
        try:
            import dask
            import distributed
        except ImportError as error:
            raise ExtraMissing("fleet", "distributed") from error
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # Dask warns on standard error, in words for programmers
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        stack.enter_context(dask.config.set({**_MEMORY, **_PROFILE}))
        try:
            client = stack.enter_context(_running(address, arguments) if address else _own(arguments, stack))
            client.wait_for_workers(1, timeout=SECONDS)
        except (OSError, TimeoutError, distributed.comm.core.CommClosedError, ValueError) as error:
            raise _unreachable(address, error) from error
        _tell_dashboard(client, note)
        _check_versions(client)
        yield client


def checked_address(arguments: argparse.Namespace) -> str:
    """The scheduler's address with its protocol. Raises UsageError for one that anybody in the network could speak to."""
    given: str = arguments.scheduler
    files = [arguments.tls_ca, arguments.tls_cert, arguments.tls_key]
    address = given if "://" in given else f"{'tls' if any(files) else 'tcp'}://{given}"
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme not in {"tcp", "tls"} or not host or not port:
        raise UsageError(f"{given} is no address of a scheduler.", next_command="--scheduler tls://HOST:8786")
    if parts.scheme == "tls":
        if not all(files):
            raise UsageError("A scheduler with TLS needs --tls-ca, --tls-cert and --tls-key.")
        for file in files:
            if not file.is_file():
                raise UsageError(f"{file} is not there, or not a file.")
        return address
    if any(files):
        raise UsageError(
            f"{address} is spoken to without TLS, so certificates are of no use.", next_command="--scheduler tls://..."
        )
    if not _is_loopback(host) and not arguments.insecure:
        raise UsageError(
            f"{address} is reached over a network without TLS: whoever reaches it, too, runs what he likes on every worker.",
            next_command="--scheduler tls://... with --tls-ca, --tls-cert and --tls-key (docs/fleet.md), or --insecure",
        )
    return address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _running(address: str, arguments: argparse.Namespace) -> Client:
    from distributed import Client, Security

    security: Any = None
    if address.startswith("tls://"):
        security = Security(
            tls_ca_file=str(arguments.tls_ca),
            tls_client_cert=str(arguments.tls_cert),
            tls_client_key=str(arguments.tls_key),
            require_encryption=True,
        )
    return Client(address, security=security, timeout=SECONDS, set_as_default=False)


def _own(arguments: argparse.Namespace, stack: contextlib.ExitStack) -> Client:
    """Processes of this machine, one thread each. TLS, because everybody on this machine reaches its loopback."""
    from distributed import Client, LocalCluster, Security

    try:
        security = Security.temporary()
    except ImportError as error:
        raise ExtraMissing("fleet", "cryptography") from error
    cluster = stack.enter_context(
        LocalCluster(
            n_workers=arguments.jobs,
            threads_per_worker=1,
            processes=True,
            memory_limit=arguments.memory_limit or 0,
            dashboard_address="127.0.0.1:0" if _has_dashboard() else None,
            security=security,
            silence_logs=logging.CRITICAL,
        )
    )
    return Client(cluster, security=security, set_as_default=False)


def _has_dashboard() -> bool:
    return importlib.util.find_spec("bokeh") is not None


def _tell_dashboard(client: Client, note: Note) -> None:
    if "dashboard" in client.scheduler_info().get("services", {}) and (client.cluster is None or _has_dashboard()):
        note(f"dashboard: {client.dashboard_link}")
    else:
        note("no dashboard: pip install bokeh where the scheduler runs")


def _version() -> str:
    return __version__


def _check_versions(client: Client) -> None:
    """The workers unpickle what we send: with another version that may mean something else there."""
    try:
        others = {address: one for address, one in client.run(_version, on_error="return").items() if one != __version__}
        scheduler = client.run_on_scheduler(_version)
    except Exception as error:
        raise _not_ours(f"{error}") from error
    if others:
        address, answer = next(iter(others.items()))
        said = f"has {answer}" if isinstance(answer, str) else f"says: {answer}"
        raise _not_ours(f"the worker at {address} {said}")
    if scheduler != __version__:
        raise _not_ours(f"the scheduler has {scheduler}")


def _not_ours(detail: str) -> ClusterFailed:
    return ClusterFailed(
        f"hanganalyze {__version__} is not installed on all of the cluster: {detail}.",
        next_command=f"pip install 'hanganalyze[fleet]=={__version__}' for the scheduler and every worker",
    )


def _unreachable(address: str | None, error: Exception) -> ClusterFailed:
    if address is None:
        return ClusterFailed(f"The workers could not be started: {error}.", next_command="the same command with --jobs 1")
    return ClusterFailed(
        f"The scheduler at {address} did not answer, or has no worker: {error}.",
        next_command=f"dask scheduler and dask worker {address}, as docs/fleet.md says",
    )
