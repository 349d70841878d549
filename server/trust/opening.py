"""What a server needs to let somebody in: the gate, and the audit log that is told of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.trust.audit_log import AuditLog, open_audit_log
from esapr.server.trust.gate import Gate
from esapr.server.trust.notices import read_notices
from esapr.server.trust.policy import Policy, PolicyError, read_policy
from esapr.server.trust.signing import Signing


@dataclass(frozen=True, slots=True)
class Trust:
    """The gate, the audit log and the signing keys of a running server."""

    gate: Gate
    audit: AuditLog
    signing: Signing


@asynccontextmanager
async def open_trust(config: ServerConfig, metrics: Metrics) -> AsyncIterator[Trust]:
    """Read the rules and the notices and open the audit log; what is overridden is noted there.

    Raises:
        PolicyError: the rules of the deployment are malformed, or looser than they may be.
        NoticeError: there is no notice.
        AuditError: the audit log that is there cannot be continued.
        SigningError: the signing keys cannot be read or made.
    """
    signing = Signing(config.signing_path)
    policy = installed_policy(config.policy_file)
    gate = Gate(policy, read_notices(config.notice_dir), config.consent_days)
    async with open_audit_log(config.audit_folder, config.audit_key, metrics) as audit:
        for override in policy.overrides:
            await audit.write(
                "policy.overridden",
                actor="server",
                rule=override.rule,
                jurisdictions=" ".join(override.jurisdictions),
                reason=override.reason,
                person=override.person,
            )
        yield Trust(gate, audit, signing)


def installed_policy(deployed: str | None) -> Policy:
    """Return the shipped rules with those of the file ``deployed``.

    Raises:
        PolicyError: the file is missing, malformed, or looser than it may be.
    """
    shipped = files("esapr.server.trust").joinpath("policy.toml").read_text("utf-8")
    try:
        own = Path(deployed).expanduser().read_text("utf-8") if deployed else None
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"policy_file: {error}") from error
    return read_policy(shipped, own)
