"""What handlers find in the application."""

import asyncio

from aiohttp import web

from esapr.server.analyses.jobs import Analyses
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.records.store import Store
from esapr.server.reports.press import Press
from esapr.server.sessions.admission import Sessions
from esapr.server.sessions.rooms import Rooms
from esapr.server.support.catalogue import Catalogue
from esapr.server.trust.audit_log import AuditLog
from esapr.server.trust.gate import Gate
from esapr.server.trust.key_file import KeyFile
from esapr.server.trust.provider import Provider
from esapr.server.trust.signed_out import SignedOutFile
from esapr.server.trust.signing import Signing
from esapr.server.trust.tokens import Tokens

ANALYSES = web.AppKey("analyses", Analyses)
AUDIT = web.AppKey("audit", AuditLog)
CATALOGUE = web.AppKey("catalogue", Catalogue)
CONFIG = web.AppKey("config", ServerConfig)
GATE = web.AppKey("gate", Gate)
KEYS = web.AppKey("keys", KeyFile)
METRICS = web.AppKey("metrics", Metrics)
PIPELINE = web.AppKey("pipeline", Pipeline)
PRESS = web.AppKey("press", Press)
PROVIDER = web.AppKey("provider", Provider)
READY = web.AppKey("ready", asyncio.Event)
ROOMS = web.AppKey("rooms", Rooms)
SIGNED_OUT = web.AppKey("signed_out", SignedOutFile)
SIGNING = web.AppKey("signing", Signing)
STOP = web.AppKey("stop", asyncio.Event)
STORE = web.AppKey("store", Store)
SESSIONS = web.AppKey("sessions", Sessions)
TOKENS = web.AppKey("tokens", Tokens)
