"""What people are told before they are analysed: versioned texts, a file a language."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.requests import Notice
from esapr.server.trust import TrustError

SHIPPED = Path(__file__).parent / "notice_texts"

DEFAULT_LANGUAGE = "en"
"""Shown to those who ask for none."""


class NoticeError(TrustError):
    """There is no text to show; the message says where it is missing."""


class Notices:
    """The newest version of the texts, ``<version>.<language>.txt``; versions sort by name."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Read the newest of ``files``.

        Raises:
            NoticeError: there is none, or it cannot be read.
        """
        found = [(*file.stem.rpartition(".")[::2], file) for file in files]
        if not found:
            raise NoticeError("there is no text <version>.<language>.txt")
        self.version = max(version for version, _, _ in found)
        newest = {language: file for version, language, file in found if version == self.version}
        try:
            texts = {language: file.read_text("utf-8").strip() for language, file in newest.items()}
        except (OSError, UnicodeDecodeError) as error:
            raise NoticeError(f"a text cannot be read: {error}") from error
        self.languages = sorted(texts)
        self._notices = {
            language: Notice(
                version=self.version,
                language=language,
                languages=self.languages,
                text=text,
                sha256=sha256(text.encode()).hexdigest(),
            )
            for language, text in texts.items()
        }

    def get(self, language: str, field: str) -> Notice:
        """Return the text in a language, which a request names in ``field``.

        Raises:
            ProtocolError: ``config_invalid``: there is none.
        """
        if language not in self._notices:
            known = ", ".join(self.languages)
            raise ProtocolError(ErrorCode.CONFIG_INVALID, f"the notice is there in {known}", field)
        return self._notices[language]

    def text(self, language: str) -> str:
        """Return the text in a language, or in another one if there is none any more."""
        return self._notices.get(language, self._notices[self.languages[0]]).text


def read_notices(folder: str | None) -> Notices:
    """Return the texts of a deployment's folder, or those that are shipped.

    Raises:
        NoticeError: there are none.
    """
    place = Path(folder).expanduser() if folder else SHIPPED
    try:
        return Notices(sorted(place.glob("*.*.txt")))
    except NoticeError as error:
        raise NoticeError(f"notice_dir {place}: {error}") from error
