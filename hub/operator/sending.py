"""Files that the API sends as they are: whole, by a name that is ours, and never shown as a page."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Response, request

from hub.operator import etags

BESIDE = {"Content-Security-Policy": "default-src 'none'; sandbox"}
"""A browser that opens one nevertheless runs nothing of what stands in it."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file; `parts` need no transaction of the request, and `tag` is its ETag."""

    name: str
    media_type: str
    parts: Iterable[bytes]
    size: int
    tag: str


def response_of(file: Download) -> Response:
    if etags.is_unchanged(request.headers.get("If-None-Match"), file.tag):
        return Response(status=304, headers={"ETag": file.tag})
    headers = BESIDE | {
        "ETag": file.tag,
        "Content-Length": str(file.size),
        "Content-Disposition": f'attachment; filename="{file.name}"',
    }
    return Response(file.parts, headers=headers, content_type=file.media_type)


def of_bytes(name: str, media_type: str, content: bytes) -> Download:
    """One that is small enough to be made while somebody waits."""
    return Download(name, media_type, [content], len(content), etags.of(content))
