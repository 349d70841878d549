"""The receipt of a consent."""

from collections.abc import Iterable
from datetime import UTC, datetime

from esapr.protocol.requests import Consent, ConsentMethod, Cover


def consent(
    subject: str,
    *,
    text_version: str,
    method: ConsentMethod,
    language: str = "en",
    covers: Iterable[Cover] = (),
) -> Consent:
    """Return the receipt of a consent that ``subject`` has given just now.

    ``text_version`` and ``language`` name the notice that was shown (:meth:`Client.notice`),
    ``method`` how consent was expressed. ``covers`` says what may be kept: ``records`` of the
    states, ``text`` as it was written; with ``cohort`` means over a group of people may have this
    session among them.
    """
    return Consent(
        subject=subject,
        text_version=text_version,
        given_at=datetime.now(UTC),
        method=method,
        language=language,
        covers=list(covers),
    )
