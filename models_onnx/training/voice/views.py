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

VIEWS: dict[str, tuple[View, ...]] = {
    "ravdess": (
        WHOLE,
        SHORT,
        SHORTEST,
        NOISY,
        MICROPHONE,
        View("window", seconds=(1.0, 2.5)),
        View("window_other_microphone", seconds=(1.0, 2.5), response_db=6.0),
        View("window_in_noise", seconds=(1.0, 2.5), noise_db=(5.0, 25.0)),
        View("room", decay=(0.15, 0.7)),
        LIVE,
    ),
    "tess": (WHOLE, LIVE),
}
