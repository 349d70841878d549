"""Which files a server analyses: admission, turns, results that are kept for a while."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from secrets import token_urlsafe
from uuid import uuid4

import structlog
from msgspec import UNSET

from esapr.protocol import limits
from esapr.protocol.analyses import (
    AnalysisDone,
    AnalysisInfo,
    AnalysisMessage,
    AnalysisRequest,
    AnalysisSummary,
    Page,
    Progress,
    Stage,
)
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.events import Event
from esapr.protocol.messages import State
from esapr.protocol.requests import ErrorDetail
from esapr.server.analyses.formats import FileFormat
from esapr.server.analyses.opening import Means, open_file, work_on
from esapr.server.analyses.subject import Subject, Work
from esapr.server.config import ServerConfig
from esapr.server.sessions.admission import Sessions
from esapr.server.sessions.refusals import error_message
from esapr.server.support.help_lines import DEFAULT_LANGUAGE
from esapr.server.trust import traits

log = structlog.get_logger()


class Job:
    """One file: what it has shown so far, for everybody who asks."""

    def __init__(self, analysis_id: str, work: Work) -> None:
        """Wait for a turn."""
        self.id = analysis_id
        self.token = token_urlsafe(24)
        """Opens the result; kept as long as that."""
        self.watchers = 0
        """How many read its events."""
        self._work: Work | None = work
        self.stage: Stage = "waiting"
        self._fraction = 0.0
        self._found: list[State | Page | Event] = []
        self._summary: AnalysisSummary | None = None
        self._error: ProtocolError | None = None
        self._changed = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether nothing more will be found."""
        return self._work is None

    async def run(self) -> None:
        """Analyse the file.

        Raises:
            ProtocolError: it cannot be read to its end.
        """
        work = self._work
        assert work is not None
        self._turn("running")
        async with aclosing(work.found()) as found:
            async for each in found:
                self._found.append(each)
                self._fraction = work.fraction
                self._turn("running")
        self._summary = work.summary()
        self._fraction = 1.0
        self._end("done")

    def fail(self, error: ProtocolError) -> None:
        """Note why nothing more will be found."""
        self._error = error
        self._end("failed")

    def info(self) -> AnalysisInfo:
        """Return everything."""
        return AnalysisInfo(
            analysis_id=self.id,
            stage=self.stage,
            fraction=self._fraction,
            states=[each for each in self._found if isinstance(each, State)],
            pages=[each for each in self._found if isinstance(each, Page)],
            events=[each for each in self._found if isinstance(each, Event)],
            summary=self._summary or UNSET,
            error=_detail(self._error) if self._error else UNSET,
        )

    async def events(
        self, after: int, silence: float
    ) -> AsyncGenerator[tuple[int | None, AnalysisMessage], None]:
        """Yield what was found behind the number ``after`` and what will be, with its number.

        Progress has none: it is told when it changes and after ``silence`` seconds. A slow reader
        is told of it less often, and misses nothing else.
        """
        said: Progress | None = None
        while True:
            changed = self._changed
            for number in range(after + 1, len(self._found)):
                yield number, self._found[number]
            after = max(after, len(self._found) - 1)
            progress = Progress(self.id, self.stage, round(self._fraction, 4))
            if progress != said:
                said = progress
                yield None, progress
            if changed is self._changed and self.ended:
                break
            try:
                async with asyncio.timeout(silence):
                    await changed.wait()
            except TimeoutError:
                said = None
        if self._error is not None:
            yield None, error_message(self._error)
        elif self._summary is not None:
            yield None, AnalysisDone(self.id, self._summary)

    def _turn(self, stage: Stage) -> None:
        self.stage = stage
        self._changed.set()
        self._changed = asyncio.Event()

    def _end(self, stage: Stage) -> None:
        # The file goes at once, the result later.
        self._work = None
        self._turn(stage)


class Analyses:
    """Every analysis by id, each a task of the server's TaskGroup."""

    def __init__(
        self, group: asyncio.TaskGroup, config: ServerConfig, sessions: Sessions, gateway: str
    ) -> None:
        """Run analyses in ``group``, with the pipeline and metrics of ``sessions``.

        Their ids end with that of the ``gateway``, if the server is one of several.
        """
        self._group = group
        self._behind_ids = f"-{gateway}" if gateway else ""
        self._metrics = sessions.metrics
        self._help_lines = sessions.help_lines
        self._means = Means(
            sessions.pipeline, sessions.metrics, sessions.fusion, sessions.transcriber
        )
        self._turns = asyncio.Semaphore(limits.ANALYSES_AT_A_TIME)
        self._jobs: dict[str, tuple[Job, asyncio.Task[None]]] = {}
        self._arriving = 0
        self.stopping = False
        """Whether no file is taken any more."""

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for a file while it arrives and is opened.

        Raises:
            ProtocolError: ``overloaded`` or ``shutting_down``.
        """
        if self.stopping:
            raise ProtocolError(ErrorCode.SHUTTING_DOWN, "the server is stopping")
        active = sum(not job.ended for job, _ in self._jobs.values())
        if active + self._arriving >= limits.MAX_ANALYSES:
            raise ProtocolError(
                ErrorCode.OVERLOADED, f"at most {limits.MAX_ANALYSES} files at a time"
            )
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    async def create(
        self, request: AnalysisRequest, purpose: str, form: FileFormat, data: bytes
    ) -> Job:
        """Open a file and analyse it for ``purpose`` when its turn comes, in a :meth:`place`.

        Raises:
            ProtocolError: ``media_invalid`` or ``recording_too_long``.
        """
        opened = await asyncio.to_thread(
            open_file, data, form, longest=limits.MAX_RECORDING_SECONDS
        )
        analysis_id = uuid4().hex + self._behind_ids
        subject = Subject(
            analysis_id,
            request.participant,
            tuple(request.modalities),
            request.tick_ms,
            self._help_lines.of(
                request.jurisdiction or "",
                request.consent.language if request.consent else DEFAULT_LANGUAGE,
            ),
            traits.allowed(purpose, request.consent.covers if request.consent else ()),
            request.transcribe,
        )
        job = Job(analysis_id, work_on(opened, subject, self._means))
        task = self._group.create_task(self._run(job), name=f"analysis {analysis_id}")
        self._jobs[analysis_id] = job, task
        return job

    def get(self, analysis_id: str) -> Job:
        """Return an analysis.

        Raises:
            ProtocolError: ``not_found``.
        """
        if analysis_id not in self._jobs:
            raise ProtocolError(ErrorCode.NOT_FOUND, "there is no such analysis")
        return self._jobs[analysis_id][0]

    async def forget(self, job: Job) -> None:
        """Stop an analysis and forget its result."""
        _, task = self._jobs[job.id]
        task.cancel()
        await asyncio.wait([task])
        # A task that is cancelled before it began does nothing at all.
        self._drop(job)

    async def close(self) -> None:
        """Take no more files and forget every analysis."""
        self.stopping = True
        for job, _ in list(self._jobs.values()):
            await self.forget(job)

    async def _run(self, job: Job) -> None:
        log.info("analysis_opened", analysis=job.id)
        try:
            await self._analyse(job)
            self._forget_oldest()
            await asyncio.sleep(limits.RESULT_SECONDS)
        finally:
            self._drop(job)
            log.info("analysis_forgotten", analysis=job.id)

    def _drop(self, job: Job) -> None:
        if not job.ended:
            job.fail(ProtocolError(ErrorCode.SESSION_CLOSED, "the analysis was stopped"))
            self._metrics.analyses.labels("stopped").inc()
        self._jobs.pop(job.id, None)

    async def _analyse(self, job: Job) -> None:
        try:
            async with self._turns:
                await job.run()
        except ProtocolError as error:
            job.fail(error)
        except Exception as error:
            # The bulkhead: whatever breaks one analysis ends that analysis only.
            log.exception("analysis_failed", analysis=job.id, error=type(error).__name__)
            job.fail(ProtocolError(ErrorCode.INTERNAL, "a fault of the server"))
        self._metrics.analyses.labels(job.stage).inc()

    def _forget_oldest(self) -> None:
        ended = [task for job, task in self._jobs.values() if job.ended]
        for task in ended[: -limits.MAX_RESULTS]:
            task.cancel()


def _detail(error: ProtocolError) -> ErrorDetail:
    said = error_message(error)
    return ErrorDetail(said.code, said.message, said.retryable, said.request_id, said.field)
