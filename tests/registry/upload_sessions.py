"""A registry of upload sessions as the specification has them."""

from __future__ import annotations

from urllib.parse import parse_qs

from tests.registry.scripted import Reply, Seen

from trimaran import digests


class Uploads:
    """Keeps what arrives of each upload; `faults` come first."""

    def __init__(self, *faults: tuple[str, Reply, int]) -> None:
        self.faults = list(faults)
        self.blobs: dict[str, bytes] = {}
        self.open: dict[str, bytes] = {}
        self.count = 0

    def answer(self, seen: Seen) -> Reply:
        path, _, query = seen.path.partition("?")
        match seen.method:
            case "HEAD":
                return Reply(200 if path.rpartition("/")[2] in self.blobs else 404)
            case "POST":
                self.count += 1
                path = f"/up/{self.count}"
                self.open[path] = b""
                return self._accepted(path)
            case "GET" if path in self.open:
                return self._accepted(path)
            case "DELETE":
                return Reply(204 if self.open.pop(path, None) is not None else 404)
            case "PATCH" | "PUT" if path in self.open:
                return self._written(seen, path, query)
        return Reply(404)

    def _written(self, seen: Seen, path: str, query: str) -> Reply:
        if self.faults and seen.method == self.faults[0][0]:
            _, reply, kept = self.faults.pop(0)
            self.open[path] += seen.body[:kept]
            return reply
        begin = seen.headers.get("Content-Range", "").partition("-")[0]
        if begin and int(begin) != len(self.open[path]):
            return Reply(416)
        self.open[path] += seen.body
        if seen.method == "PATCH":
            return self._accepted(path)
        (digest,) = parse_qs(query)["digest"]
        data = self.open.pop(path)
        if digests.of(data) != digest:
            return Reply(400, body=b'{"errors":[{"code":"DIGEST_INVALID"}]}')
        self.blobs[digest] = data
        return Reply(201, {"Docker-Content-Digest": digest})

    def _accepted(self, path: str) -> Reply:
        last = max(len(self.open[path]) - 1, 0)
        return Reply(202, {"Location": f"{path}?state=x", "Range": f"0-{last}"})
