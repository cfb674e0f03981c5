"""How long may a browser keep our files, and how are they sent?

The address of a file ends with a hash of what is in it, so that it may be kept for good: a new file has a new address.
"""

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from flask_compress import Compress

FOR_GOOD = "public, max-age=31536000, immutable"
TEXTS = frozenset({"text/css", "text/javascript", "application/javascript", "application/json", "image/svg+xml"})


def register(app: Flask) -> None:
    """Compress what is sent, and let files be kept; call this before other things that touch a response."""
    app.config.update(COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_STREAMS=False)
    Compress(app)
    app.url_defaults(_add_version)
    app.after_request(_send_file)


def version_of(name: str) -> str | None:
    """Return the hash in the address of a file of `static/`; None where there is no such file."""
    path = Path(str(current_app.static_folder), name)
    return _hash(path, path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(maxsize=500)
def _hash(path: Path, _changed_at: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "filename" in values:
        values["v"] = version_of(values["filename"])


def _send_file(response: Response) -> Response:
    if request.endpoint != "static" or response.status_code not in {200, 304}:
        return response
    name = (request.view_args or {}).get("filename", "")
    if request.args.get("v") == version_of(name):
        response.headers["Cache-Control"] = FOR_GOOD
    takes_gzip = request.accept_encodings["gzip"] > 0 and "Range" not in request.headers
    if takes_gzip and response.mimetype in TEXTS:
        _pack(response, Path(str(current_app.static_folder), name))
    return response


def _pack(response: Response, path: Path) -> None:
    """Send a file compressed, which is done once; its tag tells it from the file as it is."""
    changed_at = path.stat().st_mtime_ns
    response.close()  # the file that was opened to be sent
    response.direct_passthrough = False
    response.status_code = 200
    response.set_data(_packed(path, changed_at))
    response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{_hash(path, changed_at)}-gzip")
    response.make_conditional(request)


@lru_cache(maxsize=500)
def _packed(path: Path, _changed_at: int) -> bytes:
    return gzip.compress(path.read_bytes())
