"""Where a list goes on (OCI distribution spec, Listing tags; RFC 8288, section 3)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_NEXT = re.compile(r'<([^>]*)>[^<]*?;\s*rel\s*=\s*"?next(?=["\s;,]|$)', re.IGNORECASE)


def next_query(link: str) -> str:
    """The query of a Link header's next page; empty on the last one.

    Only the query: the path is known, and a link must not lead to another host.
    """
    found = _NEXT.search(link)
    try:
        return urlsplit(found[1]).query if found else ""
    except ValueError:
        return ""
