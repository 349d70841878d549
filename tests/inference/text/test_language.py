"""English is read whatever it looks like; other languages are told from it."""

from pathlib import Path

import pytest

from esapr.inference.cards import HashMismatchError
from esapr.inference.text.language import LanguageCheck
from esapr.models_onnx import LANGUAGES
from esapr.models_onnx.evaluation.text_language import measured, other_lines


@pytest.fixture(scope="module")
def check() -> LanguageCheck:
    return LanguageCheck(LANGUAGES)


@pytest.mark.parametrize(
    "line",
    [
        "Ich bin so wütend auf dich",
        "estoy muy feliz por ti",
        "J'AI PEUR DE RENTRER SEULE CE SOIR",
        "@anna du fehlst mir so sehr 😭😭😭 https://example.org/we-are-the-champions",
        "привет",
        "早上好",
        "おはよう",
    ],
)
def test_another_language(line: str, check: LanguageCheck) -> None:
    assert check.foreign(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ok",
        "lol",
        "merci!",
        "ngl that slaps, no cap",
        "i h8 u sooooo much rn",
        "I am not happy about this",
        "😂😂😂",
        "ಠ_ಠ",
        "1.000 € 20 %",
        "[NAME] said she would come",
        "they played Für Elise all night",
        "\uff29 \uff41\uff4d \uff53\uff4f \uff48\uff41\uff50\uff50\uff59",
    ],
)
def test_english_and_what_has_no_language(line: str, check: LanguageCheck) -> None:
    assert not check.foreign(line)


def test_most_chat_in_other_languages_is_found_and_little_of_english_is() -> None:
    english = ["I did not expect that", "This is disgusting", "See you tomorrow at three"]

    found = measured(english, other_lines("measuring"))

    assert found.others_found > 0.9
    assert found.english_refused == 0


def test_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / LANGUAGES.name
    file.write_bytes(LANGUAGES.read_bytes()[:-1])

    with pytest.raises(HashMismatchError, match=r"lid\.176"):
        LanguageCheck(file)
