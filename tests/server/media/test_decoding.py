"""Decoding where aiortc's decoder thread asks for work."""

import threading
from dataclasses import dataclass, field

import av
import pytest

from esapr.server.media.decoding import Decoding


@dataclass(frozen=True)
class Codec:
    name: str


@dataclass
class Recorder:
    """Makes decoders that repeat what they are given, and readers that note it."""

    made: list[str] = field(default_factory=list)
    read: list[list[str]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def decoder(self, codec: Codec) -> "Recorder":
        self.made.append(codec.name)
        return self

    def decode(self, encoded: str) -> list[str]:
        if encoded == "damaged":
            raise av.InvalidDataError(1, "damaged")
        return [encoded]

    def reader(self):  # type: ignore[no-untyped-def]
        frames: list[str] = []
        self.read.append(frames)

        def note(frame: str) -> None:
            self.threads.add(threading.get_ident())
            frames.append(frame)

        return note


def decoded(*tasks: tuple[str, str]) -> tuple[Recorder, threading.Event]:
    recorder, broken = Recorder(), threading.Event()
    queue = Decoding(recorder.decoder, recorder.reader, broken)
    for codec, encoded in tasks:
        queue.put((Codec(codec), encoded))
    queue.put(None)
    thread = threading.Thread(target=queue.get)
    thread.start()
    thread.join()
    assert recorder.threads <= {thread.ident}
    return recorder, broken


def test_frames_are_read_in_order_on_the_thread_that_asks_until_the_track_ends() -> None:
    recorder, broken = decoded(("VP8", "one"), ("VP8", "two"))

    assert recorder.read == [["one", "two"]]
    assert not broken.is_set()


def test_a_damaged_frame_has_the_sender_asked_for_a_whole_picture() -> None:
    recorder, broken = decoded(("VP8", "one"), ("VP8", "damaged"), ("VP8", "three"))

    assert recorder.read == [["one", "three"]]
    assert recorder.made == ["VP8"]
    assert broken.is_set()


@pytest.mark.parametrize("other", ["H264", "PCMU"])
def test_another_codec_gets_another_decoder_and_reader(other: str) -> None:
    recorder, _ = decoded(("VP8", "one"), (other, "two"))

    assert recorder.made == ["VP8", other]
    assert recorder.read == [["one"], ["two"]]
