"""Where PDFs are made: one at a time, each in a process of its own."""

import asyncio

import structlog

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.limited_process import limited_process

log = structlog.get_logger()

PDF_SECONDS = 60.0
"""How long one may take before its process is killed."""


class Press:
    """Prints sheets in turn; at most ``limits.MAX_PDFS`` are made or wait."""

    def __init__(self) -> None:
        """Start with nothing to print."""
        self._turns = asyncio.Semaphore(1)
        self._jobs = 0

    async def pdf(self, sheet: bytes) -> bytes:
        """Return a sheet, which is JSON, as PDF.

        Raises:
            ProtocolError: ``overloaded``, or ``internal`` if it could not be made.
        """
        if self._jobs >= limits.MAX_PDFS:
            raise ProtocolError(ErrorCode.OVERLOADED, f"at most {limits.MAX_PDFS} PDFs at a time")
        self._jobs += 1
        try:
            async with self._turns:
                return await _printed(sheet)
        finally:
            self._jobs -= 1


async def _printed(sheet: bytes) -> bytes:
    try:
        async with (
            limited_process("esapr.server.reports.typeset") as process,
            asyncio.timeout(PDF_SECONDS),
        ):
            pdf, _ = await process.communicate(sheet)
    except TimeoutError:
        log.warning("pdf_failed", reason="time")
        raise ProtocolError(ErrorCode.INTERNAL, "the PDF could not be made") from None
    if process.returncode or not pdf:
        log.warning("pdf_failed", reason=f"status {process.returncode}")
        raise ProtocolError(ErrorCode.INTERNAL, "the PDF could not be made")
    return pdf
