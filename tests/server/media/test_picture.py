"""Pictures of partners: formats, size, orientation, and what cannot be read."""

from contextlib import suppress
from io import BytesIO

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from PIL import ExifTags, Image

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.picture import decode_picture
from tests.server.media.encoded import picture, portrait


def ramp(width: int, height: int) -> NDArray[np.uint8]:
    """A picture that is dark at the left and red at the bottom."""
    across = np.tile(np.linspace(0, 255, width, dtype=np.uint8), (height, 1))
    down = np.tile(np.linspace(0, 255, height, dtype=np.uint8)[:, None], (1, width))
    return np.stack([down, across, across], axis=2)


def refusal(data: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as refused:
        decode_picture(data)
    assert refused.value.code is ErrorCode.MEDIA_INVALID
    assert refused.value.field == "payload"
    return refused.value


def test_a_lossless_picture_of_the_size_analysed_comes_as_it_is() -> None:
    assert (decode_picture(picture(portrait())) == portrait()).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_larger_picture_is_scaled_and_shows_the_same(kind: str) -> None:
    decoded = decode_picture(picture(ramp(1280, 960), kind))

    assert decoded.shape == (240, 320, 3)
    assert np.abs(decoded.astype(int) - ramp(320, 240)).mean() < 3


@pytest.mark.parametrize(
    ("width", "height", "shape"), [(960, 960, (240, 240)), (900, 16, (6, 320))]
)
def test_the_aspect_ratio_is_kept(width: int, height: int, shape: tuple[int, int]) -> None:
    assert decode_picture(picture(ramp(width, height))).shape[:2] == shape


@pytest.mark.parametrize(
    ("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)], ids=["0", "180", "270", "90"]
)
def test_a_picture_is_turned_upright_as_exif_says(orientation: int, turns: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    decoded = decode_picture(picture(ramp(640, 480), "JPEG", exif=exif, quality=95))
    upright = np.rot90(ramp(640, 480), turns)
    height, width = decoded.shape[:2]

    assert (height > width) == (turns % 2 == 1)
    assert max(width / 320, height / 240) == 1
    expected = np.asarray(Image.fromarray(upright).resize((width, height)))
    assert np.abs(decoded.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "CMYK", "I;16"])
def test_pictures_in_other_colours_are_read(mode: str) -> None:
    written = BytesIO()
    source = Image.fromarray(portrait())
    converted = Image.new(mode, source.size) if mode == "I;16" else source.convert(mode)
    converted.save(written, "JPEG" if mode == "CMYK" else "PNG")

    assert decode_picture(written.getvalue()).shape == (240, 320, 3)


def test_pixels_at_the_limit_are_read_and_more_are_refused_by_the_header() -> None:
    width, height = 3_320, 2_500
    assert width * height == limits.MAX_IMAGE_PIXELS
    at_limit = picture(np.zeros((height, width, 3), np.uint8), "JPEG")
    assert decode_picture(at_limit).shape == (240, 319, 3)

    over = picture(np.zeros((height, width + 1, 3), np.uint8), "PNG")
    assert "pixels" in refusal(over).message
    # The header alone is enough to refuse it: of the rest nothing is read.
    assert "pixels" in refusal(over[:64]).message


def test_sides_at_the_limit_are_read_and_shorter_ones_refused() -> None:
    side = limits.MIN_IMAGE_SIDE
    assert decode_picture(picture(ramp(side, side))).shape == (side, side, 3)
    assert "a side" in refusal(picture(ramp(side, side - 1))).message


def test_a_picture_that_claims_to_be_enormous_is_refused() -> None:
    header = picture(ramp(16, 16))
    claim = header.replace((16).to_bytes(4, "big") * 2, (60_000).to_bytes(4, "big") * 2, 1)
    refusal(claim)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_refused(kind: str) -> None:
    refusal(picture(ramp(32, 32), kind))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_is_cut_short_is_refused(kind: str) -> None:
    data = picture(portrait(), kind)
    for length in (0, 3, 20, len(data) // 2):
        refusal(data[:length])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP"]),
    st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), max_size=8),
)
def test_damaged_pictures_are_read_or_refused(kind: str, damage: list[tuple[int, int]]) -> None:
    data = bytearray(picture(portrait()[:48, :64], kind))
    for at, byte in damage:
        data[at % len(data)] = byte
    with suppress(ProtocolError):
        assert decode_picture(bytes(data)).shape[2] == 3
