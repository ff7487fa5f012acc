"""What happens to a trace between the terminal and the ticket. Each function takes the clean text and spoils it."""

from __future__ import annotations

import html
import json
import quopri
import re
import textwrap
from collections.abc import Callable


def _each(prefix: Callable[[int], str]) -> Callable[[str], str]:
    return lambda text: "".join(f"{prefix(number)}{line}\n" for number, line in enumerate(text.splitlines()))


def fence(text: str) -> str:
    """A Markdown fence, with prose around."""
    return f"Hello,\n\nit hangs about once a day, see #12 and the thread (below):\n\n```gdb\n{text}```\n\nRegards\n"


def quoted(text: str) -> str:
    """A reply to a reply."""
    return "On Monday, somebody wrote:\n" + "".join(f"> > {line}\n" for line in text.splitlines())


def deeply_quoted(text: str) -> str:
    """Quoting with signs of several kinds."""
    return "".join(f">>| {line}".rstrip() + "\n" for line in text.splitlines())


def crlf(text: str) -> str:
    """Line ends of another system."""
    return text.replace("\n", "\r\n")


def coloured(text: str) -> str:
    """gdb's own colours."""
    text = re.sub(r"(0x[0-9a-f]{16}) in ", "\x1b[34m\\1\x1b[m in ", text)
    text = re.sub(r"^(#\d+ +(?:\S+ in )?)(\w+) \(", "\\1\x1b[33m\\2\x1b[m (", text, flags=re.MULTILINE)
    return re.sub(r" at (\S+):(\d+)", " at \x1b[32m\\1\x1b[m:\\2", text)


def faded(text: str) -> str:
    """The same, when the escape characters were lost on the way."""
    return coloured(text).replace("\x1b", "")


def caret(text: str) -> str:
    """The same, as ``cat -v`` shows it."""
    return coloured(text).replace("\x1b", "^[")


def html_page(text: str) -> str:
    """A tracker's page."""
    return f'<div class="comment"><pre>{html.escape(text)}</pre></div>\n<p>Thanks!</p>\n'


def html_twice(text: str) -> str:
    """Escaped once too often."""
    return html.escape(html.escape(text))


def html_breaks(text: str) -> str:
    """Line breaks as tags."""
    return "<p>" + html.escape(text).replace("\n", "<br>") + "</p>\n"


def escaped(text: str) -> str:
    """A converter that was afraid of Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+.!<>-])", r"\\\1", text)


def tabs(text: str) -> str:
    """Indented with tabs, and tabs instead of blanks after the numbers."""
    return "".join("\t" + re.sub(r"^(#\d+)\s+", "\\1\t", line) + "\n" for line in text.splitlines())


def invisible(text: str) -> str:
    """Characters nobody sees."""
    return "\ufeff" + text.replace(" in ", " in \u200b").replace("__", "_\u2060_").replace("#", "#\u200d").replace("(", "(\u00ad")


def hard_blanks(text: str) -> str:
    """Blanks that do not break."""
    return text.replace("  ", "\u00a0 ").replace(" at ", "\u00a0at ")


def quoted_printable(text: str) -> str:
    """A mail's source."""
    return quopri.encodestring(text.encode()).decode()


def json_log(text: str) -> str:
    """A log that writes a JSON object a line."""
    return json.dumps({"level": "error", "time": 1700000000, "message": "\n" + text + "\n", "service": "x"}) + "\n"


def flat(text: str) -> str:
    """All line ends of a stack lost."""
    return re.sub(r"\n(?=#)", " ", text)


def comment(text: str) -> str:
    """In a comment of a C program."""
    return "/*\n" + "".join(f" * {line}\n" for line in text.splitlines()) + " */\n"


def bullets(text: str) -> str:
    """A list, each line as code."""
    return "".join(f"- `{line}`\n" for line in text.splitlines() if line)


def linked(text: str) -> str:
    """A tracker that takes frame numbers for issue numbers."""
    return re.sub(r"^#(\d+) ", r"https://example.org/project/issues/\1 ", text, flags=re.MULTILINE)


def glued(text: str) -> str:
    """A tracker that writes the project's name before the number."""
    return re.sub(r"^#(\d+) ", r"project#\1 ", text, flags=re.MULTILINE)


def folded(width: int) -> Callable[[str], str]:
    """A mail program that breaks lines between words."""

    def noise(text: str) -> str:
        wrapper = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
        return "".join("\n".join(wrapper.wrap(line)) + "\n" for line in text.splitlines())

    return noise


def cropped(width: int) -> Callable[[str], str]:
    """A terminal that breaks lines wherever its edge is."""

    def noise(text: str) -> str:
        return "".join(
            "".join(f"{line[at : at + width]}\n" for at in range(0, len(line), width)) or "\n" for line in text.splitlines()
        )

    return noise


def gdb_width(text: str) -> str:
    """gdb's own way: a new line before ``at`` and ``from``."""
    return re.sub(r"\) (at|from) ", r")\n    \1 ", text)


syslog = _each(lambda number: f"Nov  3 10:{number // 60:02}:{number % 60:02} build-07 hang-watch[2231]: ")
journal = _each(lambda number: f"2024-11-03T10:{number // 60:02}:{number % 60:02}.123456+01:00 build-07 hang-watch[2231]: ")
kernel_log = _each(lambda number: f"[{12345 + number}.67890{number % 10}] ")
java_log = _each(lambda number: f"2024-11-03 10:00:{number % 60:02},123 [main] ERROR ")
klog = _each(lambda number: f"E1103 10:00:{number % 60:02}.123456    2231 watch.go:88] ")
compose = _each(lambda number: "loader_1   | ")
two_layers = _each(lambda number: f"2024-11-03 10:00:{number % 60:02} INFO stderr: ")
grep = _each(lambda number: f"hang.log:{number + 1}:")

NOISES: dict[str, Callable[[str], str]] = {
    noise.__name__: noise
    for noise in (
        fence, quoted, deeply_quoted, crlf, coloured, faded, caret, html_page, html_twice, html_breaks, escaped, tabs, invisible,
        hard_blanks, quoted_printable, flat, comment, bullets, linked, glued, gdb_width,
    )
}  # fmt: skip
NOISES |= {
    "syslog": syslog, "journal": journal, "kernel log": kernel_log, "java log": java_log, "klog": klog, "compose": compose,
    "two layers": two_layers, "grep": grep, "JSON log": json_log,
}  # fmt: skip
NOISES |= {f"folded at {width}": folded(width) for width in (72, 76, 80, 100)}
NOISES |= {f"cropped at {width}": cropped(width) for width in (72, 80, 96, 100)}
