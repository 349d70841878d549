"""Configuration of the server: the only reader of the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from types import NoneType

from esapr.server.loopback import is_loopback
from esapr.server.staff_config import StaffConfig

IN_FLIGHT = 8
"""Batches that a server has on a cluster at a time, unless it is told."""

_CHOICES = {
    "inference_workers": ("threads", "processes", "ray"),
    "device": ("auto", "cpu", "cuda", "tensorrt"),
    "gpu_precision": ("float32", "float16"),
    "bus": ("local", "nats"),
}
_PATTERNS = {
    "stun_urls": re.compile(r"stuns?:[\w.\-\[\]:]+"),
    "turn_urls": re.compile(r"turns?:[\w.\-\[\]:]+(\?transport=(udp|tcp))?"),
    "allowed_origins": re.compile(r"https?://[\w.\-\[\]:]+"),
}
# Each may be in a file, ESAPR_<NAME>_FILE.
_SECRETS = {"audit_key", "database_url", "nats_url", "oidc_client_secret", "turn_secret"}
_DATABASES = re.compile(r"(sqlite|postgresql)://\S+")


class ConfigError(Exception):
    """A setting is unknown, malformed or out of range; the message names it."""


@dataclass(frozen=True, slots=True)
class ServerConfig(StaffConfig):
    """Every setting, each from ``ESAPR_<NAME>`` or its default."""

    host: str = "127.0.0.1"
    """Address to bind. Demo sessions exist on loopback addresses only; others need a server key."""

    port: int = 8000
    """TCP port; 0 takes a free one."""

    max_sessions: int = 64
    """Sessions admitted at a time; one more is refused with 503."""

    inference_threads: int = 0
    """Batches that run at a time; 0 takes one a core, or :data:`IN_FLIGHT` on a cluster."""

    inference_workers: str = "threads"
    """What runs them: ``threads`` of the server, ``processes`` with every model, or ``ray``."""

    cluster_address: str = "127.0.0.1:9000"
    """gRPC ingress of Ray Serve, where ``inference_workers`` is ``ray``."""

    device: str = "auto"
    """What computes: ``cpu``, ``cuda`` or ``tensorrt``; ``auto`` takes CUDA where it works."""

    gpu_memory_mb: int = 0
    """What each model may take of each GPU's memory; 0 for no limit."""

    gpu_precision: str = "float32"
    """``float16`` lets TensorRT compute in half precision where a model stays close enough."""

    tensorrt_cache: str = "~/.cache/esapr/tensorrt"
    """Folder of the engines that TensorRT has built; may be deleted at any time."""

    analysed_fps: float = 5.0
    """Pictures a second a session that are analysed at most; the others are drained."""

    idle_timeout: float = 60.0
    """Seconds without a subscriber or media after which a session is closed."""

    silence_timeout: float = 30.0
    """Seconds without a frame from a subscriber, pongs included, after which it is warned; after
    half as much again its feed is closed. Pings go out every half."""

    drain_timeout: float = 5.0
    """Seconds that a stopping server waits for its subscribers to read their last states."""

    bus: str = "local"
    """What joins rooms: ``local`` for one gateway, ``nats`` for several."""

    nats_url: str = "nats://127.0.0.1:4222"
    """Address of the NATS server, with ``bus = nats``."""

    internal_host: str = "127.0.0.1"
    """Address at which other gateways reach this one, with ``bus = nats``."""

    internal_port: int = 0
    """TCP port there; 0 takes a free one."""

    reuse_port: bool = False
    """Share the port with other gateways of this host (``SO_REUSEPORT``)."""

    log_json: bool = False
    """Write one JSON object a log line, not coloured text."""

    stun_urls: tuple[str, ...] = ()
    """STUN servers for clients, as ``stun:`` URLs (RFC 7064)."""

    turn_urls: tuple[str, ...] = ()
    """TURN servers for clients, as ``turn:`` and ``turns:`` URLs (RFC 7065)."""

    turn_secret: str | None = field(default=None, repr=False)
    """The secret that the TURN servers share: clients get credentials that are made with it."""

    allowed_origins: tuple[str, ...] = ()
    """Origins of other sites' pages that may call the server (CORS)."""

    state_dir: str = "~/.local/state/esapr"
    """Folder of what outlives the server; ``$XDG_STATE_HOME/esapr`` where that is set."""

    audit_key: str | None = field(default=None, repr=False)
    """Makes the audit log's hashes: without it nobody can write the log anew."""

    ice_private_networks: tuple[str, ...] = ()
    """Private networks (CIDR) in which clients' ICE candidates may lie; on loopback any may."""

    trusted_proxies: tuple[str, ...] = ()
    """Networks (CIDR) of proxies whose ``X-Forwarded-For`` and ``-Proto`` are believed."""

    max_connections: int = 10_000
    """TCP connections at a time, feeds included; one more is closed at once."""

    keys_file: str | None = None
    """File of the server keys; by default ``keys.json`` in ``state_dir``."""

    policy_file: str | None = None
    """Rules of the deployment, which add to those that are shipped (TOML)."""

    notice_dir: str | None = None
    """Folder of the deployment's notices, ``<version>.<language>.txt``, for the shipped ones."""

    help_lines_file: str | None = None
    """Help lines of the deployment (TOML), in place of the shipped ones."""

    catalogue: str | None = None
    """Where recommendations come from: ``shipped``, or a file (TOML); without it there are none."""

    transcription_model: str | None = None
    """What writes speech down on request: ``tiny.en`` (extra ``asr``), or a model's folder."""

    consent_days: int = 365
    """Days after which consent has to be given anew."""

    records: bool = True
    """Whether sessions are recorded."""

    database_url: str | None = field(default=None, repr=False)
    """``sqlite:///FILE`` or ``postgresql://…``; None for ``records.db`` in the state folder."""

    records_keys: tuple[str, ...] = field(default=(), repr=False)
    """Keys of the records, newest first."""

    records_key_file: str | None = None
    """File with one such key a line; None for ``records.key`` in the state folder."""

    retention_days: int = 30
    """Days after its opening on which a session's records are erased."""

    demo_retention_days: int = 1
    """The same for demo sessions."""

    def __post_init__(self) -> None:
        """Raise :class:`ConfigError` for values out of range."""
        limits = {
            "port": (0, 65_535),
            "internal_port": (0, 65_535),
            "max_sessions": (1, 10_000),
            "max_connections": (1, 1_000_000),
            "inference_threads": (0, 256),
            "gpu_memory_mb": (0, 1_000_000),
            "analysed_fps": (0.5, 30),
            "idle_timeout": (1, 86_400),
            "silence_timeout": (1, 3_600),
            "drain_timeout": (0, 600),
            "consent_days": (1, 3_650),
            "retention_days": (1, 3_650),
            "demo_retention_days": (1, 3_650),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name} must lie between {low} and {high}")
        self._check_choices()
        self._check_networks()
        for name, pattern in _PATTERNS.items():
            for value in getattr(self, name):
                if not pattern.fullmatch(value):
                    raise ConfigError(f"{name}: {value!r} is not of the form {pattern.pattern}")
        if self.turn_urls and not self.turn_secret:
            raise ConfigError("turn_secret is needed for turn_urls")
        if self.audit_key is not None and len(self.audit_key) < 32:
            raise ConfigError("audit_key must have at least 32 characters")

    def _check_choices(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ConfigError(f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}")
        if self.database_url and not _DATABASES.fullmatch(self.database_url):
            raise ConfigError(f"database_url is not of the form {_DATABASES.pattern}")
        if self.gpu_precision == "float16" and self.device != "tensorrt":
            raise ConfigError("gpu_precision float16 needs device tensorrt")
        if problem := self.staff_problem() or self.traces_problem() or self.fusing_problem():
            raise ConfigError(problem)

    def _check_networks(self) -> None:
        for name in ("ice_private_networks", "trusted_proxies"):
            for value in getattr(self, name):
                try:
                    ip_network(value)
                except ValueError as error:
                    raise ConfigError(f"{name}: {error}") from error

    @property
    def threads(self) -> int:
        """Number of inference threads, processes or batches in flight, in effect."""
        on_cluster = self.inference_workers == "ray"
        return self.inference_threads or (IN_FLIGHT if on_cluster else os.cpu_count()) or 1

    @property
    def state_folder(self) -> Path:
        """``state_dir`` as a path."""
        return Path(self.state_dir).expanduser()

    @property
    def audit_folder(self) -> Path:
        """Where the audit log is."""
        return self.state_folder / "audit"

    @property
    def keys_path(self) -> Path:
        """File of the server keys, in effect."""
        return Path(self.keys_file or Path(self.state_dir, "keys.json")).expanduser()

    @property
    def signing_path(self) -> Path:
        """File of the keys that sign client tokens."""
        return Path(self.state_dir, "signing_keys.json").expanduser()

    @property
    def loopback(self) -> bool:
        """Whether the server can be reached from this machine only."""
        return is_loopback(self.host)

    @classmethod
    def from_environ(cls, **overrides: object) -> "ServerConfig":
        """Read ``ESAPR_*`` variables; ``overrides`` that are not None win.

        Raises:
            ConfigError: a value is malformed or out of range.
        """
        values = _parse(os.environ) | {k: v for k, v in overrides.items() if v is not None}
        return cls(**values)  # type: ignore[arg-type]


def environ_with(settings: Mapping[str, object]) -> dict[str, str]:
    """Return the environment of a further process that has ``settings`` besides those here."""
    return {**os.environ, **{f"ESAPR_{name.upper()}": str(v) for name, v in settings.items()}}


def _parse(environ: Mapping[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    if state_home := environ.get("XDG_STATE_HOME"):
        values["state_dir"] = f"{state_home}/esapr"
    for setting in fields(ServerConfig):
        name = f"ESAPR_{setting.name.upper()}"
        text = environ.get(name)
        if text is None and setting.name in _SECRETS and (file := environ.get(f"{name}_FILE")):
            text = _secret(setting.name, Path(file))
        if text is not None:
            values[setting.name] = _convert(setting.name, type(setting.default), text)
    return values


def _secret(name: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: {error}") from error


def _convert(name: str, kind: type, text: str) -> object:
    if kind is tuple:
        return tuple(text.split())
    if kind is NoneType:
        return text
    if kind is bool:
        if text.lower() not in ("1", "0", "true", "false"):
            raise ConfigError(f"{name} must be true or false, got {text!r}")
        return text.lower() in ("1", "true")
    try:
        return kind(text)
    except ValueError:
        raise ConfigError(f"{name} must be of type {kind.__name__}, got {text!r}") from None
