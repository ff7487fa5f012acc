"""The saved result inside the HTML file, and how to get it out again.

It stands in ``<script type="application/json" id="hanganalyze-data">``, which a browser never runs. A small result stands
there as it is; a large one as ``{"encoding": "gzip+base64", "data": "..."}``, because a thousand stacks
would otherwise make the page too large for a ticket.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib

from analyzer.errors import BadSavedResult

PLAIN_LIMIT = 100_000
"""Characters of JSON that stand in the page as they are."""
UNPACKED_LIMIT = 256 * 1024 * 1024
"""Bytes: more than this is no result of ours, but a bomb."""

_ELEMENT = re.compile(r'<script type="application/json" id="hanganalyze-data">(.*?)</script>', re.DOTALL)


def embed(text: str) -> str:
    """JSON ``text`` made ready to stand inside the script element: it holds no ``<``, so it cannot end it."""
    if len(text) > PLAIN_LIMIT:
        import gzip

        packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
        text = json.dumps({"encoding": "gzip+base64", "data": base64.b64encode(packed).decode()})
    # All three occur in JSON strings only, where an escape means the same.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def extract(page: str) -> str:
    """The JSON text inside a report. Raises BadSavedResult for a page that holds none."""
    element = _ELEMENT.search(page)
    if element is None:
        raise BadSavedResult("This page holds no data of hanganalyze.")
    text = element[1].strip()
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadSavedResult(f"The data inside this page is damaged: {error}.") from error
    if isinstance(document, dict) and document.get("encoding") == "gzip+base64":
        return _unpacked(str(document.get("data")))
    return text


def _unpacked(data: str) -> str:
    try:
        unzip = zlib.decompressobj(wbits=31)
        content = unzip.decompress(base64.b64decode(data, validate=True), UNPACKED_LIMIT)
        if not unzip.eof:
            raise BadSavedResult("The data inside this page is cut off, or larger than any result.")
        return content.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
        raise BadSavedResult(f"The data inside this page is damaged: {error}.") from error
