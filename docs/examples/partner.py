"""A partner without WebRTC: sends the JPEGs of a folder and a line of text, prints the states.

python partner.py http://127.0.0.1:8000 FOLDER "That is wonderful news!"

Needs nothing but the websockets package; everything it does is in the published reference.
"""

import asyncio
import json
import struct
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

from websockets.asyncio.client import ClientConnection, connect

IMAGE, VERSION = 1, 1


def open_session(server: str) -> dict[str, str]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    consent = {"subject": "A", "text_version": "2026-11", "given_at": now, "method": "checkbox"}
    body = json.dumps({"consent": consent, "modalities": ["face", "text"]}).encode()
    request = Request(f"{server}/v1/demo/sessions", body, {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        return json.load(answer)


async def send(socket: ClientConnection, created: dict, pictures: list[Path], line: str) -> None:
    began = time.monotonic() - created["t_ms"] / 1000  # when the session clock was zero
    await socket.send(json.dumps({"type": "text", "body": line}))
    for picture in pictures:
        captured_ms = int((time.monotonic() - began) * 1000)
        head = struct.pack("<BBBBQ", IMAGE, VERSION, 0, 0, captured_ms)
        await socket.send(head + picture.read_bytes())
        await asyncio.sleep(1 / created["limits"]["images_per_second"])
    await socket.send(json.dumps({"type": "close"}))


async def main(server: str, pictures: list[Path], line: str) -> None:
    session = await asyncio.to_thread(open_session, server)
    url = server.replace("http", "ws", 1) + session["feed_url"]
    protocols = ["esapr.v1.json", f"esapr.token.{session['client_token']}"]
    async with connect(url, subprotocols=protocols) as socket, asyncio.TaskGroup() as group:
        await socket.send(json.dumps({"type": "hello", "version": VERSION}))
        async for frame in socket:
            match json.loads(frame):
                case {"type": "session.created"} as created:
                    group.create_task(send(socket, created, pictures, line))
                case {"type": "state", "fused": {"label": label, "confidence": sure}, **state}:
                    print(state["seq"], label, f"{sure:.2f}", *state["modalities"])
                case {"type": "error" | "session.closed"} as message:
                    print(json.dumps(message))


if __name__ == "__main__":
    server, folder, line = sys.argv[1:]
    asyncio.run(main(server, sorted(Path(folder).glob("*.jpg")), line))
