"""The timeline as EmotionML 1.0 (W3C Recommendation, 22 May 2014). No asyncio, no clock.

One ``<emotion>`` a point with an expression, with its probabilities as categories. The seven and
the two dimensions are vocabularies of the document: no predefined one has "neutral". Values of
EmotionML lie in [0, 1]; valence and arousal, which lie in [-1, 1], are halved and moved by 0.5.
"""

from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from msgspec.structs import asdict

from esapr.protocol.report import Expression, Point, Report

NAMESPACE = "http://www.w3.org/2009/10/emotionml"
OWN_NAMESPACE = "urn:esapr:report:1"
"""Of what ``<info>`` holds."""

DIMENSIONS = ("valence", "arousal")
_SAYS = "A score describes what was shown, not what a person feels."


def emotionml(report: Report) -> bytes:
    """Return every point of the timeline that has an expression; times are of Unix time."""
    root = Element(
        "emotionml",
        {
            "xmlns": NAMESPACE,
            "version": "1.0",
            "category-set": "#expressions",
            "dimension-set": "#circumplex",
        },
    )
    _info(root, report)
    _vocabulary(root, "category", "expressions", report.labels)
    _vocabulary(root, "dimension", "circumplex", DIMENSIONS)
    opened_ms = round(datetime.fromisoformat(report.opened_at).timestamp() * 1000)
    for point in report.timeline:
        if point.expression:
            _emotion(root, report.labels, opened_ms, point, point.expression)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _info(root: Element, report: Report) -> None:
    session = SubElement(
        SubElement(root, "info"), "session", {"xmlns": OWN_NAMESPACE, "id": report.session}
    )
    session.set("opened-at", report.opened_at)
    session.text = _SAYS
    for modality, model in report.models.items():
        SubElement(session, "model", {"modality": modality, "name": model})
    if report.traits and report.traits.scores:
        traits = SubElement(session, "traits", {"words": str(report.traits.words)})
        for name, each in report.traits.scores.items():
            numbers = {key: f"{value:.4f}" for key, value in asdict(each).items()}
            SubElement(traits, "trait", {"name": name, **numbers})


def _vocabulary(root: Element, kind: str, name: str, items: tuple[str, ...] | list[str]) -> None:
    vocabulary = SubElement(root, "vocabulary", {"type": kind, "id": name})
    for item in items:
        SubElement(vocabulary, "item", {"name": item})


def _emotion(
    root: Element, labels: list[str], opened_ms: int, point: Point, mean: Expression
) -> None:
    emotion = SubElement(
        root,
        "emotion",
        {"start": str(opened_ms + point.t_start_ms), "end": str(opened_ms + point.t_end_ms)},
    )
    if point.evidence:
        emotion.set("expressed-through", " ".join(point.evidence))
    for label, prob in zip(labels, mean.probs, strict=True):
        category = SubElement(emotion, "category", {"name": label, "value": f"{prob:.4f}"})
        if label == point.label:
            category.set("confidence", f"{mean.confidence:.4f}")
    for name, value in zip(DIMENSIONS, (mean.valence, mean.arousal), strict=True):
        SubElement(emotion, "dimension", {"name": name, "value": f"{(value + 1) / 2:.5f}"})
