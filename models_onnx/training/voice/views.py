"""The views of a clip that the head learns on and is tested on."""

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
