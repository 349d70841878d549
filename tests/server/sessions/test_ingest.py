"""Media messages at their limits: capture times, rates, and what reaches the session."""

import asyncio
from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE, AudioWindow, Modality, VideoFrame
from esapr.protocol import limits
from esapr.protocol.binary import PCM_RATES, Kind, Media
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import Text
from esapr.server.sessions.ingest import Ingest
from tests.server.media.encoded import ogg_opus, picture, portrait, speech, tone

PICTURE = picture(portrait())


class Recorder:
    """A sink that keeps what it is given, with a clock that is set by hand."""

    def __init__(self, now: float) -> None:
        self.clock = now
        self.frames: list[VideoFrame] = []
        self.windows: list[AudioWindow] = []

    def now(self) -> float:
        return self.clock

    def put_frame(self, frame: VideoFrame) -> None:
        self.frames.append(frame)

    def put_window(self, window: AudioWindow) -> None:
        self.windows.append(window)

    def put_message(self, data: str | bytes) -> None:
        raise AssertionError("no text travels as media")

    def track_ended(self, modality: Modality) -> None:
        raise AssertionError("messages are no track")

    def heard(self, start: float, end: float) -> NDArray[np.float32]:
        """Return the sound of an interval, which windows of three seconds overlap."""
        line = np.full(round((end - start) * SAMPLE_RATE), np.nan, np.float32)
        for window in self.windows:
            begin = round((window.at - window.seconds - start) * SAMPLE_RATE)
            skipped, kept = max(0, -begin), max(0, begin)
            part = window.samples[skipped : skipped + max(0, len(line) - kept)]
            line[kept : kept + len(part)] = part
        assert not np.isnan(line).any(), "no window reaches there"
        return line


def image(at_ms: int) -> Media:
    return Media(Kind.IMAGE, at_ms, PICTURE)


def pcm(at_ms: int, samples: NDArray[np.int16], rate: int = SAMPLE_RATE) -> Media:
    return Media(Kind.PCM, at_ms, samples.astype("<i2").tobytes(), rate)


async def refusal(ingest: Ingest, media: Media) -> tuple[ErrorCode, str | None]:
    with pytest.raises(ProtocolError) as refused:
        await ingest.take(media)
    return refused.value.code, refused.value.field


async def test_a_line_keeps_its_time_and_where_it_comes_from() -> None:
    line = Ingest(Recorder(20.0), fps=5).line(Text("so it goes", source="transcript", at_ms=19_500))

    assert (line.at, line.body, line.source) == (19.5, "so it goes", "transcript")


async def test_a_picture_comes_through_with_its_capture_time() -> None:
    sink = Recorder(now=20.0)
    await Ingest(sink, fps=5).take(image(19_750))
    (frame,) = sink.frames
    assert frame.at == 19.75
    assert (frame.rgb == portrait()).all()


async def test_pcm_of_16_khz_comes_through_sample_by_sample() -> None:
    sink = Recorder(now=20.0)
    ingest = Ingest(sink, fps=5)
    for number, part in enumerate(np.split(speech(), 20)):
        await ingest.take(pcm(15_000 + 100 * number, part))
    expected = speech()[: round(1.75 * SAMPLE_RATE)].astype(np.float32) / 32_768
    assert [window.at for window in sink.windows] == [15.75, 16.75]
    assert (sink.heard(15.0, 16.75) == expected).all()


@pytest.mark.parametrize("rate", PCM_RATES)
async def test_pcm_of_every_rate_keeps_pitch_and_length(rate: int) -> None:
    sink = Recorder(now=20.0)
    ingest = Ingest(sink, fps=5)
    await ingest.take(pcm(15_000, tone(1.0, rate), rate))
    check_tone(sink.heard(15.0, 15.75))


def check_tone(samples: NDArray[np.float32]) -> None:
    """440 Hz at a quarter of full scale, from the beginning to the end."""
    spectrum = np.abs(np.fft.rfft(samples, SAMPLE_RATE))
    assert int(spectrum.argmax()) == pytest.approx(440, abs=2)
    for part in np.array_split(samples, 10):
        assert np.abs(part).max() == pytest.approx(0.25, rel=0.2)


@pytest.mark.parametrize("size", [1_000_000, 400])
async def test_ogg_opus_in_pieces_is_heard_whole_and_in_time(size: int) -> None:
    sink = Recorder(now=20.0)
    ingest = Ingest(sink, fps=5)
    stream = ogg_opus(tone(1.0, 48_000), 48_000)
    for number, start in enumerate(range(0, len(stream), size)):
        await ingest.take(Media(Kind.OPUS, 15_000 + number * 50, stream[start : start + size]))
    check_tone(sink.heard(15.0, 15.75))


async def test_a_partner_may_change_the_kind_and_the_rate_of_its_sound() -> None:
    sink = Recorder(now=20.0)
    ingest = Ingest(sink, fps=5)
    await ingest.take(pcm(12_000, tone(1.0, 8_000), 8_000))
    await ingest.take(Media(Kind.OPUS, 14_000, ogg_opus(tone(1.0, 48_000), 48_000)))
    await ingest.take(pcm(16_000, tone(1.0, 44_100), 44_100))
    for start in (12.0, 14.0, 16.0):
        check_tone(sink.heard(start, start + 0.75))
    assert np.abs(sink.heard(13.1, 13.9)).max() == 0


@pytest.mark.parametrize(
    ("at_ms", "taken"),
    [
        (20_000 - limits.MAX_CAPTURE_AGE_MS - 1, False),
        (20_000 - limits.MAX_CAPTURE_AGE_MS, True),
        (20_000 + limits.MAX_CAPTURE_AHEAD_MS, True),
        (20_000 + limits.MAX_CAPTURE_AHEAD_MS + 1, False),
        (2**64 - 1, False),
    ],
)
async def test_capture_times_at_the_limit_are_taken_and_past_it_refused(
    at_ms: int, taken: bool
) -> None:
    for media in (image(at_ms), pcm(at_ms, np.zeros(1, np.int16)), Media(Kind.OPUS, at_ms, b"O")):
        ingest = Ingest(Recorder(now=20.0), fps=5)
        if taken:
            await ingest.take(media)
        else:
            assert await refusal(ingest, media) == (ErrorCode.CONFIG_INVALID, "captured_ms")


async def test_sound_that_ends_in_the_future_is_refused() -> None:
    ingest = Ingest(Recorder(now=20.0), fps=5)
    second = np.zeros(SAMPLE_RATE, np.int16)
    assert (await refusal(ingest, pcm(19_501, second)))[1] == "captured_ms"
    await ingest.take(pcm(19_500, second))


async def test_a_picture_is_never_later_than_its_arrival() -> None:
    sink = Recorder(now=20.0)
    await Ingest(sink, fps=5).take(image(20_400))
    assert sink.frames[0].at == 20.0


async def test_times_that_go_back_are_refused_for_each_kind_by_itself() -> None:
    sink = Recorder(now=20.0)
    ingest = Ingest(sink, fps=5)
    silence = np.zeros(160, np.int16)
    await ingest.take(image(19_000))
    await ingest.take(pcm(18_000, silence))
    for late in (image(19_000), image(18_999), pcm(17_999, silence)):
        assert await refusal(ingest, late) == (ErrorCode.CONFIG_INVALID, "captured_ms")
    await ingest.take(pcm(18_000, silence))
    await ingest.take(image(19_001))
    assert len(sink.frames) == 2


async def test_pictures_over_the_rate_are_refused_until_time_has_passed() -> None:
    sink = Recorder(now=20.0)
    ingest = Ingest(sink, fps=5)
    for number in range(limits.IMAGE_BURST):
        await ingest.take(image(15_000 + number))
    assert await refusal(ingest, image(16_000)) == (ErrorCode.RATE_LIMITED, "image")
    sink.clock += 0.21  # one picture at five a second
    await ingest.take(image(16_000))
    assert (await refusal(ingest, image(16_001)))[0] is ErrorCode.RATE_LIMITED
    assert len(sink.frames) == limits.IMAGE_BURST + 1


async def test_sound_over_the_rate_is_refused_until_time_has_passed() -> None:
    sink = Recorder(now=20.0)
    ingest = Ingest(sink, fps=5)
    second = np.zeros(SAMPLE_RATE, np.int16)
    for number in range(limits.SOUND_BURST_SECONDS):
        await ingest.take(pcm(10_000 + number, second))
    assert await refusal(ingest, pcm(11_000, second)) == (ErrorCode.RATE_LIMITED, "audio")
    sink.clock += 1 / limits.SOUND_PER_SECOND
    await ingest.take(pcm(11_000, second))


async def test_tiny_messages_count_as_sound_too() -> None:
    ingest = Ingest(Recorder(now=20.0), fps=5)
    sample = np.zeros(1, np.int16)
    for _ in range(limits.SOUND_BURST_SECONDS * 1000 // limits.SOUND_LEAST_MS):
        await ingest.take(pcm(15_000, sample))
    assert (await refusal(ingest, pcm(15_000, sample)))[0] is ErrorCode.RATE_LIMITED


async def test_sound_of_a_message_at_the_limit_is_taken_and_longer_sound_refused() -> None:
    ingest = Ingest(Recorder(now=20.0), fps=5)
    longest = np.zeros(limits.MAX_AUDIO_MS * 8, np.int16)
    await ingest.take(pcm(15_000, longest, 8_000))
    longer = np.zeros(len(longest) + 1, np.int16)
    assert (await refusal(ingest, pcm(15_000, longer, 8_000)))[0] is ErrorCode.MEDIA_INVALID


async def test_a_few_bytes_of_opus_that_claim_hours_of_sound_are_not_decoded() -> None:
    ingest = Ingest(Recorder(now=20.0), fps=5)
    stream = ogg_opus(tone(0.2, 48_000), 48_000)
    await ingest.take(Media(Kind.OPUS, 15_000, stream))
    serial = stream[14:18]
    head = b"OggS\x00\x00" + bytes(8) + serial + bytes(8) + bytes([255])
    # 255 packets of two bytes, 120 ms of sound in each.
    page = head + bytes([2] * 255) + bytes([3 << 3 | 3, 2]) * 255
    assert (await refusal(ingest, Media(Kind.OPUS, 15_000, page * 100)))[
        0
    ] is ErrorCode.MEDIA_INVALID


async def test_what_was_accepted_stays_when_a_later_message_is_bad() -> None:
    sink = Recorder(now=20.0)
    ingest = Ingest(sink, fps=5)
    await ingest.take(image(19_000))
    bad: Iterable[Media] = (
        Media(Kind.IMAGE, 19_100, PICTURE[:100]),
        Media(Kind.OPUS, 19_100, b"no Ogg"),
        image(0),
    )
    for media in bad:
        await refusal(ingest, media)
    assert len(sink.frames) == 1
    # A picture that could not be read does not move the time on.
    await ingest.take(image(19_050))


async def test_pictures_of_several_feeds_are_decoded_one_after_the_other() -> None:
    sink = Recorder(now=20.0)
    ingest = Ingest(sink, fps=5)
    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(ingest.take(image(15_000 + number)))
    assert [frame.at for frame in sink.frames] == [15.0, 15.001, 15.002, 15.003]
