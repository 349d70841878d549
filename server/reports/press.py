"""Where PDFs are made: one at a time, each in a process of its own."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE

import structlog

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError

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
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "esapr.server.reports.typeset"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        # The settings of the server, secrets among them, are none of its business.
        env={},
    )
    try:
        async with asyncio.timeout(PDF_SECONDS):
            pdf, _ = await process.communicate(sheet)
    except TimeoutError:
        log.warning("pdf_failed", reason="time")
        raise ProtocolError(ErrorCode.INTERNAL, "the PDF could not be made") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not pdf:
        log.warning("pdf_failed", reason=f"status {process.returncode}")
        raise ProtocolError(ErrorCode.INTERNAL, "the PDF could not be made")
    return pdf
