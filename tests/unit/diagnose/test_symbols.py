"""Names made comparable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.diagnose.symbols import home, normalise, spellings


@pytest.mark.parametrize(
    ("printed", "plain"),
    [
        ("__GI___libc_fork", "__libc_fork"),
        ("*__GI___poll", "__poll"),
        ("___pthread_mutex_lock", "__pthread_mutex_lock"),
        ("malloc@@GLIBC_2.2.5", "malloc"),
        ("f@GLIBC_PRIVATE", "f"),
        ("malloc@plt", "malloc"),
        ("_int_free.isra.0", "_int_free"),
        ("foo.part.3.cold", "foo"),
        ("foo.lto_priv.0.constprop.1", "foo"),
        ("__GI___read_nocancel", "__read"),
        ("fork (void)", "fork"),
        ("__lll_lock_wait_private ()", "__lll_lock_wait_private"),
        ("pthread_mutex_lock (mutex=0x7f <x+8>)", "pthread_mutex_lock"),
        ("_IO_list_lock+0x1a", "_IO_list_lock"),
        ("fork+18/0x40", "fork"),
        (".fork", "fork"),
        ("std::foo<int>(int)", "std::foo<int>(int)"),
        ("(anonymous namespace)::x(int)", "(anonymous namespace)::x(int)"),
        ("operator new(unsigned long)", "operator new(unsigned long)"),
        ("<signal handler called>", "<signal handler called>"),
        ("_exit", "_exit"),
        ("read_nocancel", "read"),
        ("operator_of", "operator_of"),
        ("Unknown", None),
        ("_L_lock_1234", "_L_lock_1234"),
        ("??", None),
        ("?? ()", None),
        ("n/a", None),
        ("[unknown]", None),
        ("", None),
        (None, None),
    ],
)
def test_what_the_toolchain_added_is_removed(printed: str | None, plain: str | None) -> None:
    assert normalise(printed) == plain


@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing_for_plain_names(text: str) -> None:
    once = normalise(text)
    assert once is None or once
    if once is not None and once.replace("_", "a").isalnum() and once.isascii():
        assert normalise(once) == once


def test_exit_is_not_its_namesake_that_takes_no_lock() -> None:
    assert "_exit" not in spellings("exit")
    assert spellings("fork") == ("fork", "__fork", "__libc_fork")
    assert spellings("_IO_puts") == ("_IO_puts",)


@pytest.mark.parametrize(
    ("module", "where"),
    [
        ("/lib/x86_64-linux-gnu/libc.so.6", "libc"),
        ("/lib64/libc-2.17.so", "libc"),
        ("libpthread.so.0", "libc"),
        ("/lib64/ld-linux-x86-64.so.2", "libc"),
        ("/lib/ld64.so.1", "libc"),
        ("/lib/ld-musl-x86_64.so.1", "libc"),
        ("/usr/lib/libnss_files-2.31.so", "libc"),
        ("linux-vdso.so.1", "libc"),
        ("/usr/lib/libjemalloc.so.2 (deleted)", "other"),
        ("/usr/lib/libc++.so.1", "other"),
        ("/lib/libc-client.so.2007", "other"),
        ("/usr/bin/podman", "unknown"),
        (None, "unknown"),
    ],
)
def test_whose_code_a_file_holds(module: str | None, where: str) -> None:
    assert home(module) == where
