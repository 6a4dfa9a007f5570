"""Time and peak memory of HTTP clients that move one blob to and from a docker-registry.

Run from the repository's root: `python -m bench.http_clients [--size-mb 500]`. A client that is not
installed is left out; `pip install httpx niquests` brings the ones that trimaran does not use, in
an environment of their own: niquests brings urllib3-future, which takes the place of urllib3.
Each transfer runs in a process of its own: a PATCH streamed with its length and hashed on the way,
then a GET hashed on the way, as a push and a pull do.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tests.support.registry import RunningRegistry, serve_registry

CHUNK_BYTES = 1 << 20
CLIENTS = ("urllib3", "httpx", "niquests")
REPEATS = 3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size-mb", type=int, default=500)
    parser.add_argument("--transfer", nargs=4, metavar=("CLIENT", "WAY", "URL", "FILE"))
    options = parser.parse_args()
    if options.transfer:
        print(json.dumps(transfer(*options.transfer)))
    else:
        compare(options.size_mb)


def compare(size_mb: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        blob = Path(name, "blob")
        digest = make_blob(blob, size_mb)
        print(f"| client | push {size_mb} MB | peak RSS | pull {size_mb} MB | peak RSS |")
        print("|---|---|---|---|---|")
        with serve_registry(Path(name)) as registry:
            for client in CLIENTS:
                if importlib.util.find_spec(client) is None:
                    print(f"| {client} | not installed |")
                else:
                    print(row(client, registry, blob, digest), flush=True)


def make_blob(path: Path, size_mb: int) -> str:
    hasher = hashlib.sha256()
    unit = bytes(range(256)) * (CHUNK_BYTES // 256)
    with path.open("wb") as file:
        for _ in range(size_mb):
            file.write(unit)
            hasher.update(unit)
    return "sha256:" + hasher.hexdigest()


def row(client: str, registry: RunningRegistry, blob: Path, digest: str) -> str:
    pushes = [push(client, registry.host, blob, digest) for _ in range(REPEATS)]
    url = f"http://{registry.host}/v2/bench/blobs/{digest}"
    pulls = [child(client, "pull", url, str(blob)) for _ in range(REPEATS)]
    assert all(pull["digest"] == digest for pull in pulls)
    cells = [client]
    for runs in (pushes, pulls):
        seconds = min(run["seconds"] for run in runs)
        cells += [f"{seconds:.2f} s", f"{max(run['peak_mb'] for run in runs):.0f} MB"]
    return "| " + " | ".join(cells) + " |"


def push(client: str, host: str, blob: Path, digest: str) -> dict[str, Any]:
    base = f"http://{host}"
    location = answer_location(host, "POST", "/v2/bench/blobs/uploads/", 202)
    pushed = child(client, "push", urljoin(base, location), str(blob))
    path = pushed["location"].removeprefix(base)
    joint = "&" if "?" in path else "?"
    answer_location(host, "PUT", f"{path}{joint}digest={digest}", 201)
    return pushed


def answer_location(host: str, method: str, path: str, status: int) -> str:
    connection = http.client.HTTPConnection(host)
    connection.request(method, path, headers={"Content-Length": "0"})
    answer = connection.getresponse()
    assert answer.status == status, answer.read()
    connection.close()
    return answer.headers["Location"]


def child(client: str, way: str, url: str, file: str) -> dict[str, Any]:
    argv = [sys.executable, "-m", "bench.http_clients", "--transfer", client, way, url, file]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def transfer(client: str, way: str, url: str, file: str) -> dict[str, object]:
    run = WAYS[client, way]
    began = time.perf_counter()
    result = run(url, Path(file))
    seconds = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**result, "seconds": seconds, "peak_mb": peak_mb}


def chunks(path: Path) -> Iterator[bytes]:
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            hasher.update(chunk)
            yield chunk


def digest_of(stream: Iterable[bytes]) -> dict[str, str]:
    hasher = hashlib.sha256()
    for chunk in stream:
        hasher.update(chunk)
    return {"digest": "sha256:" + hasher.hexdigest()}


def upload_headers(path: Path) -> dict[str, str]:
    size = str(path.stat().st_size)
    return {"Content-Length": size, "Content-Type": "application/octet-stream"}


def urllib3_push(url: str, path: Path) -> dict[str, str]:
    import urllib3  # noqa: PLC0415

    pool = urllib3.PoolManager()
    answer = pool.request("PATCH", url, body=chunks(path), headers=upload_headers(path))
    assert answer.status == 202
    return {"location": answer.headers["Location"]}


def urllib3_pull(url: str, _path: Path) -> dict[str, str]:
    import urllib3  # noqa: PLC0415

    answer = urllib3.PoolManager().request("GET", url, preload_content=False)
    return digest_of(answer.stream(CHUNK_BYTES, decode_content=False))


def httpx_push(url: str, path: Path) -> dict[str, str]:
    import httpx  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    answer = httpx.patch(url, content=chunks(path), headers=upload_headers(path), timeout=60)
    assert answer.status_code == 202
    return {"location": answer.headers["Location"]}


def httpx_pull(url: str, _path: Path) -> dict[str, str]:
    import httpx  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    with httpx.stream("GET", url, timeout=60) as answer:
        return digest_of(answer.iter_raw(CHUNK_BYTES))


def niquests_push(url: str, path: Path) -> dict[str, str]:
    import niquests  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    answer = niquests.patch(url, data=chunks(path), headers=upload_headers(path))
    assert answer.status_code == 202
    return {"location": answer.headers["Location"]}


def niquests_pull(url: str, _path: Path) -> dict[str, str]:
    import niquests  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    with niquests.get(url, stream=True) as answer:
        return digest_of(answer.iter_raw(CHUNK_BYTES))


WAYS: dict[tuple[str, str], Callable[[str, Path], dict[str, str]]] = {
    ("urllib3", "push"): urllib3_push,
    ("urllib3", "pull"): urllib3_pull,
    ("httpx", "push"): httpx_push,
    ("httpx", "pull"): httpx_pull,
    ("niquests", "push"): niquests_push,
    ("niquests", "pull"): niquests_pull,
}

if __name__ == "__main__":
    main()
