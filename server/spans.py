"""Spans of OpenTelemetry: the only file that imports it.

The span of a state is the root of a trace; whether there is one is drawn when its interval begins.
An item's span begins at its capture, one of each stage lies inside. The span of a batch, which
serves many states, is a trace of its own: it links to the items' spans and they link to it
(https://opentelemetry.io/docs/concepts/signals/traces/#span-links).
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, Span, format_trace_id, set_span_in_context
from opentelemetry.util.types import AttributeValue
from prometheus_client import Counter

from esapr.inference.scoring import NotRunError, ScoringError
from esapr.inference.signals import EmotionState, Modality
from esapr.inference.tracing import BatchTracer, TracedBatch
from esapr.protocol.messages import Level
from esapr.server.logs import PrivacyError
from esapr.server.tracing import NOT_TRACED, NOTHING, SessionTrace
from esapr.server.trust.tokens import unix_time

ALLOWED_ATTRIBUTES = frozenset(
    {"count", "fused", "level", "modality", "models", "queued_ms", "reason", "rows", "session"}
)
"""What a span may say; anything else could carry personal data, as in a log."""

QUEUE = 1024
"""Spans that wait for the collector; more displace the oldest, which are neither exported nor
failed in ``esapr_spans_total``."""

EXPORT_SECONDS = 2.0
"""How long the collector may take for half of them, repetitions included."""

EXPORT_EVERY_SECONDS = 1.0

_ITEM: ContextVar[Span | None] = ContextVar("item", default=None)


class Spans:
    """Follows a share of the states; implements :class:`esapr.server.tracing.Tracing`."""

    def __init__(self, endpoint: str, sample: float, counter: Counter) -> None:
        """Hand the spans of a ``sample`` of the states to the collector at ``endpoint``."""
        self._sample = sample
        self._counter = counter
        named = {"service.name": "esapr", "service.version": version("esapr")}
        self._provider = TracerProvider(ALWAYS_ON, Resource(named), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                _Counted(exporter, counter),
                max_queue_size=QUEUE,
                max_export_batch_size=QUEUE // 2,
                schedule_delay_millis=EXPORT_EVERY_SECONDS * 1000,
            )
        )
        self._tracer = self._provider.get_tracer("esapr")

    @property
    def batches(self) -> BatchTracer | None:
        """This."""
        return self

    def session(self, session_id: str, now: Callable[[], float]) -> SessionTrace:
        """Begin to follow a session."""
        return _Session(self, session_id, now) if self._sample else NOT_TRACED

    def drawn(self) -> bool:
        """Return whether the next state is followed."""
        return random.random() < self._sample

    def begin(
        self,
        name: str,
        at: float,
        parent: Span | None = None,
        links: Sequence[Span] = (),
        **attributes: AttributeValue,
    ) -> Span:
        """Begin a span at a time of the system's clock, in seconds."""
        self._counter.labels("made").inc()
        return self._tracer.start_span(
            name,
            context=set_span_in_context(parent, Context()) if parent else Context(),
            links=[Link(each.get_span_context()) for each in links],
            start_time=nanoseconds(at),
            attributes=allowed(attributes),
        )

    def caller(self) -> object | None:
        """Return the span of the item that is being scored."""
        return _ITEM.get()

    def batch(self, batch: TracedBatch) -> None:
        """Make the span of a batch, and one inside each item that is followed."""
        epoch = unix_time() - asyncio.get_running_loop().time()
        members = []
        for item in batch.items:
            assert isinstance(item.caller, Span)
            queued_ms = round((batch.started - item.added) * 1000, 1)
            at = epoch + item.added
            members.append(self.begin(batch.stage, at, item.caller, queued_ms=queued_ms))
        whole = self.begin(
            f"batch {batch.stage}",
            epoch + batch.started,
            links=members,
            count=batch.size,
            rows=batch.runs[0].rows,
            models=[run.model for run in batch.runs],
        )
        for member in members:
            member.add_link(whole.get_span_context())
        for span in (*members, whole):
            span.end(nanoseconds(epoch + batch.ended))

    async def aclose(self) -> None:
        """Hand over what waits, for twice :data:`EXPORT_SECONDS` at most."""
        await asyncio.to_thread(self._provider.shutdown)


class _Session:
    """Follows one session, a state at a time."""

    def __init__(self, spans: Spans, session_id: str, now: Callable[[], float]) -> None:
        self._spans, self._id, self._now = spans, session_id, now
        self._state: Span | None = None
        self._next(now())

    def item(self, modality: Modality, at: float) -> AbstractContextManager[None]:
        return self._item(self._state, modality, at) if self._state else NOTHING

    @contextmanager
    def _item(self, state: Span, modality: Modality, at: float) -> Iterator[None]:
        span = self._spans.begin(modality, self._unix(at), state, modality=modality.value)
        token = _ITEM.set(span)
        try:
            yield
        except ScoringError as error:
            reason = error.reason if isinstance(error, NotRunError) else "failed"
            span.set_attributes(allowed({"reason": reason}))
            raise
        finally:
            _ITEM.reset(token)
            span.end()

    def exemplar(self) -> dict[str, str] | None:
        if self._state is None:
            return None
        return {"trace_id": format_trace_id(self._state.get_span_context().trace_id)}

    def made(self, state: EmotionState, level: Level, now: float) -> None:
        if self._state:
            self._spans.begin("send", self._unix(now), self._state).end()
            said: dict[str, AttributeValue] = {"fused": state.fused is not None, "level": level}
            if state.abstain:
                said["reason"] = state.abstain.value
            self._state.set_attributes(allowed(said))
            self._state.end()
        self._next(state.end)

    def close(self) -> None:
        if self._state:
            self._state.set_attributes(allowed({"reason": "session_ended"}))
            self._state.end()
        self._state = None

    def _next(self, start: float) -> None:
        drawn = self._spans.drawn()
        self._state = (
            self._spans.begin("state", self._unix(start), session=self._id) if drawn else None
        )

    def _unix(self, at: float) -> float:
        return unix_time() - self._now() + at


class _Counted(SpanExporter):
    """Counts what the collector has taken, and what it has not."""

    def __init__(self, exporter: SpanExporter, counter: Counter) -> None:
        self._exporter, self._counter = exporter, counter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        taken = result is SpanExportResult.SUCCESS
        self._counter.labels("exported" if taken else "failed").inc(len(spans))
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def allowed(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """Return attributes under the project's prefix.

    Raises:
        PrivacyError: one is not among :data:`ALLOWED_ATTRIBUTES`.
    """
    if unknown := attributes.keys() - ALLOWED_ATTRIBUTES:
        raise PrivacyError(f"attributes not allowed: {sorted(unknown)}")
    return {f"esapr.{name}": value for name, value in attributes.items()}


def nanoseconds(at: float) -> int:
    """Return a time of the system's clock as OpenTelemetry has it."""
    return int(at * 1e9)
