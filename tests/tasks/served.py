"""A server of one file, well and badly, and a record of it."""

import hashlib
import http.server

from lstmlab.tasks import store

DATA = bytes(range(256)) * 1000
NAME = "notes.bin"


class Server(http.server.BaseHTTPRequestHandler):
    """Serves DATA well at /good, and badly elsewhere."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path == "/absent":
            self.send_error(404)
            return
        if self.path == "/astray":
            self.send_response(302)
            self.send_header("Location", "http://[no address")
            self.end_headers()
            return
        body = {"/other": b"x" * len(DATA), "/long": DATA + DATA}.get(self.path, DATA)
        begin = int(self.headers.get("Range", "bytes=0-")[len("bytes=") : -1])
        self.server.begins.append(begin)
        if begin and self.path in ("/good", "/cut", "/lying", "/full"):
            if self.path == "/full":
                self.send_error(416)
                return
            body = body[begin:]
            self.send_response(206)
            told = 0 if self.path == "/lying" else begin
            self.send_header("Content-Range", f"bytes {told}-{len(DATA) - 1}/{len(DATA)}")
        elif self.path == "/unasked":
            self.send_response(206)
            self.send_header("Content-Range", f"bytes 1000-{len(DATA) - 1}/{len(DATA)}")
        else:
            self.send_response(200)
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if self.path == "/cut":
                self.wfile.write(body[:100_000])
            elif self.path == "/endless":
                for _ in range(1000):
                    self.wfile.write(body)
            else:
                self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.server.asked.append("hung up")

    def log_message(self, *args):
        """Keep quiet."""


def record(server, path="/good", **changes):
    """What is known about the file that is served."""
    values = {
        "name": "Notes",
        "filename": NAME,
        "url": f"http://127.0.0.1:{server.server_address[1]}{path}",
        "sha256": hashlib.sha256(DATA).hexdigest(),
        "size": len(DATA),
        "licence": "free",
    }
    return store.DataFile(**values | changes)
