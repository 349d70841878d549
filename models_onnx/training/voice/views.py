"""The views of a clip that are learned from and tested on."""

from esapr.models_onnx.evaluation.spoken_views import (
    LIVE,
    MICROPHONE,
    NOISY,
    SHORT,
    SHORTEST,
    WHOLE,
    View,
)

_WINDOW = (1.0, 2.5)
_OPUS = (12.0, 32.0)
_SPEED = (0.9, 1.1)
_OTHER_MICROPHONE = View("window_other_microphone", seconds=_WINDOW, response_db=6.0)
_IN_NOISE = View("window_in_noise", seconds=_WINDOW, noise_db=(5.0, 25.0))
_ROOM = View("room", decay=(0.15, 0.7))

VIEWS: dict[str, tuple[View, ...]] = {
    "ravdess": (
        WHOLE,
        SHORT,
        SHORTEST,
        NOISY,
        MICROPHONE,
        View("window", seconds=_WINDOW),
        _OTHER_MICROPHONE,
        _IN_NOISE,
        _ROOM,
        LIVE,
        View("opus", kilobits=_OPUS),
        View("speed", speed=_SPEED),
        View("window_opus_speed", seconds=_WINDOW, speed=_SPEED, kilobits=_OPUS),
    ),
    "tess": (WHOLE, LIVE, _IN_NOISE, _OTHER_MICROPHONE, _ROOM),
}

FINE_TUNED: tuple[View, ...] = (
    WHOLE,
    View("window", seconds=_WINDOW),
    View("window_again", seconds=_WINDOW),
    View("noise", noise_db=(5.0, 25.0)),
    _IN_NOISE,
    View("microphone", response_db=6.0),
    _OTHER_MICROPHONE,
    _ROOM,
    LIVE,
    View("opus", kilobits=_OPUS),
    View("speed", speed=_SPEED),
    View("window_speed", seconds=_WINDOW, speed=_SPEED),
    View("speed_noise", speed=(0.85, 1.15), noise_db=(8.0, 30.0)),
)
"""One of these, drawn at random, is heard of a clip an epoch while the layers are adapted."""
