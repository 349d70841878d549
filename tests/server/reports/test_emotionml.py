"""EmotionML by the rules of the Recommendation, and with the numbers of the JSON.

Its schema is in no package; what is checked here is what the Recommendation demands of the elements
that are used (sections 2.1 to 2.4 and 3.1, and its test assertions 100 to 180).
"""

import re
from xml.etree import ElementTree

import pytest

from esapr.protocol.report import Report
from esapr.server.reports.emotionml import NAMESPACE, OWN_NAMESPACE, emotionml
from tests.server.reports.recorded import OPENED_MS, empty_report, whole_report

N = f"{{{NAMESPACE}}}"
NMTOKEN = re.compile(r"[\w.:-]+")


def tree(made: Report) -> ElementTree.Element:
    return ElementTree.fromstring(emotionml(made))


@pytest.mark.parametrize("made", [whole_report(full=True), empty_report()])
def test_it_keeps_the_rules_of_the_recommendation(made: Report) -> None:
    root = tree(made)

    assert (root.tag, root.get("version")) == (f"{N}emotionml", "1.0")
    allowed = {f"{N}{name}" for name in ("info", "vocabulary", "emotion")}
    assert {child.tag for child in root} <= allowed
    [info] = root.findall(f"{N}info")
    assert all(not child.tag.startswith(N) for child in info.iter() if child is not info)

    sets = {vocabulary.get("id"): vocabulary for vocabulary in root.findall(f"{N}vocabulary")}
    for kind in ("category", "dimension"):
        named = sets[(root.get(f"{kind}-set") or "").removeprefix("#")]
        assert named.get("type") == kind
        items = [item.get("name") or "" for item in named.findall(f"{N}item")]
        assert len(items) == len(set(items)) > 0
        assert all(NMTOKEN.fullmatch(item) for item in items)
        for emotion in root.findall(f"{N}emotion"):
            names = [each.get("name") for each in emotion.findall(f"{N}{kind}")]
            assert len(names) == len(set(names)) > 0
            assert set(names) <= set(items)
    for emotion in root.findall(f"{N}emotion"):
        assert int(emotion.get("start") or "") <= int(emotion.get("end") or "")
        for scale in emotion.iter():
            for name in ("value", "confidence"):
                assert 0 <= float(scale.get(name, "0")) <= 1


def test_every_state_with_an_expression_is_there_with_its_numbers() -> None:
    made = whole_report(full=True)
    points = [point for point in made.timeline if point.expression]
    emotions = tree(made).findall(f"{N}emotion")

    assert len(emotions) == len(points) == made.fused > 0
    for emotion, point in zip(emotions, points, strict=True):
        mean = point.expression
        assert mean is not None
        assert int(emotion.get("start") or "") == OPENED_MS + point.t_start_ms
        assert int(emotion.get("end") or "") == OPENED_MS + point.t_end_ms
        assert (emotion.get("expressed-through") or "").split() == list(point.evidence)
        categories = emotion.findall(f"{N}category")
        probs = {each.get("name"): float(each.get("value") or "") for each in categories}
        assert probs == dict(zip(made.labels, mean.probs, strict=True))
        sure = {
            e.get("name"): float(e.get("confidence") or "")
            for e in categories
            if e.get("confidence")
        }
        assert sure == {point.label: mean.confidence}
        dimensions = {
            each.get("name"): 2 * float(each.get("value") or "") - 1
            for each in emotion.findall(f"{N}dimension")
        }
        expected = {"valence": mean.valence, "arousal": mean.arousal}
        assert dimensions == pytest.approx(expected, abs=1e-9)


def test_traits_are_no_emotion_and_stand_in_the_session() -> None:
    [session] = tree(whole_report()).findall(f"{N}info/{{{OWN_NAMESPACE}}}session")
    traits = session.find(f"{{{OWN_NAMESPACE}}}traits")
    assert traits is not None
    assert traits.get("words") == "412"
    first = traits[0]
    assert (first.get("name"), first.get("score")) == ("extraversion", "0.5312")
    assert tree(empty_report()).find(f".//{{{OWN_NAMESPACE}}}traits") is None
