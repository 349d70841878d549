"""What a state says of the voice."""

from msgspec import UNSET, Struct, UnsetType


class Prosody(Struct, frozen=True):
    """How somebody spoke, in the last second and, from ``pitch_hz`` on, in the last three.

    ``speaking`` is the share that was speech. ``pauses`` ended in this second and took ``pause_ms``
    together. Pitch is a median in Hz with its 10th to 90th percentile in semitones; both are null
    where too little was voiced. Syllables are counted in a second of speech.
    """

    speaking: float
    pauses: int
    pause_ms: int
    pitch_hz: float | None
    pitch_range_st: float | None
    syllables_per_second: float


class VoiceState(Struct, frozen=True, omit_defaults=True):
    """What the voice shows; ``loudness_db`` is relative to full scale.

    ``prosody`` is missing right after a session was taken over.
    """

    probs: list[float]
    weight: float
    coverage: float
    age_ms: int
    speech_ms: int
    loudness_db: float
    quality: list[str]
    prosody: Prosody | UnsetType = UNSET
