"""All settings, from the environment only. Nothing set gives an embedded installation under `var/`."""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF

from config.secret_files import load_or_create
from config.spool_url import storage as spool_storage

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where state lives -------------------------------------------------------------------------------
DATA_DIR = Path(env.str("FACEWARD_DATA", default=str(BASE_DIR / "var"))).expanduser().resolve()
MODEL_CACHE_DIR = DATA_DIR / "models"
INDEX_DIR = DATA_DIR / "index"
EVIDENCE_DIR = DATA_DIR / "evidence"
LOG_DIR = DATA_DIR / "logs"
DATA_DIR.mkdir(parents=True, exist_ok=True)

# --- Secrets -----------------------------------------------------------------------------------------
# The two are kept apart: the first signs sessions and links, the second wraps every person's data key.
SECRET_KEY = env.str("SECRET_KEY", default="") or load_or_create(DATA_DIR / "keys" / "secret_key")
MASTER_KEY = env.str("MASTER_KEY", default="") or load_or_create(DATA_DIR / "keys" / "master_key")
# One half of each person's key lies here as a file and not in the database, so that destroying it makes every dump of
# the database unreadable for good (docs/data-rights.md). Shared by all machines; never archived.
KEYS_DIR = env.str("KEYS_DIR", default=str(DATA_DIR / "keys" / "people"))
SECRETS_FROM_ENVIRONMENT = bool(env.str("SECRET_KEY", default="") and env.str("MASTER_KEY", default=""))

# --- Where the portal is -----------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
PORTAL_URL = env.str("PORTAL_URL", default="http://localhost:8000").rstrip("/")
_portal = urlsplit(PORTAL_URL)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_portal.hostname or "localhost"])
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
_https = _portal.scheme == "https"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Not "no-referrer": browsers would then send `Origin: null`, and the CSRF check would refuse every form.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"
# Photos are measured in memory and never touch the disk, not even as a temporary file. A larger request loses its
# files unread, and the form says so.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 40 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FILES = 10
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- Who we are towards others: printed in notices, crawler requests and pages -------------------------
AGENT_NAME = env.str("AGENT_NAME", default="Faceward")
AGENT_ADDRESS = env.str("AGENT_ADDRESS", default="")
AGENT_PHONE = env.str("AGENT_PHONE", default="")
CONTACT_EMAIL = env.str("CONTACT_EMAIL", default="contact@localhost")
# Where people write about their data: to the data protection officer, where there is one.
PRIVACY_EMAIL = env.str("PRIVACY_EMAIL", default=CONTACT_EMAIL)
DPO_NAME = env.str("DPO_NAME", default="")
NOTICES_EMAIL = env.str("NOTICES_EMAIL", default="notices@localhost")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Faceward <hello@localhost>")
SERVER_EMAIL = CONTACT_EMAIL

# --- Apps --------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "accounts",
    "crawler",
    "search",
    "alerts",
    "takedowns",
    "portal",
    "demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.site",
            ]
        },
    }
]

# --- Database, cache, queue, files, mail: embedded by default, services by URL ---------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'faceward.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Writers queue instead of failing: a read-then-write transaction would otherwise die with "locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["CONN_MAX_AGE"] = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        # On disk, so that the rate limits hold across the portal's processes.
        else {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": DATA_DIR / "cache",
            # The default of 300 would drop the counts of the rate limits.
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    )
}

CELERY_BROKER_URL = env.str("BROKER_URL", default=REDIS_URL or "filesystem://")
if CELERY_BROKER_URL == "filesystem://":
    _broker = DATA_DIR / "broker"
    for _folder in ("queue", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "queue"),
        "data_folder_out": str(_broker / "queue"),
        "control_folder": str(_broker / "control"),
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# Crawls run for hours and ingest fills the processors: each can have workers of its own (`-Q fetch`, `-Q ingest`).
# A worker without `-Q` takes from all three.
CELERY_TASK_QUEUES = {name: {"exchange": name, "routing_key": name} for name in ("celery", "fetch", "ingest")}
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {"crawler.crawl": {"queue": "fetch"}, "search.ingest": {"queue": "ingest"}}
_tick = env.float("TICK_SECONDS", default=60.0)
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": _tick * every}
    for name, every in {
        "crawler.start_due": 1,
        "search.ingest": 1,
        "alerts.raise": 1,
        "alerts.deliver": 1,
        "alerts.call_webhooks": 1,
        "alerts.push": 1,
        "alerts.read_bounces": 5,
        "takedowns.screen_relapses": 1,
        "takedowns.prepare_cases": 1,
        "takedowns.send_approved": 1,
        "takedowns.verify_due": 1,
        "takedowns.watch": 60,
        "takedowns.read_mail": 1,
        "takedowns.clock": 5,
        "takedowns.figures": 5,
        "takedowns.clusters": 1440,
        "accounts.sweep": 10,
        "accounts.self_audit": 1440,
        "accounts.deadlines": 5,
        "accounts.inbox": 5,
        "accounts.plans": 60,
        "search.look": 1,
        "accounts.publish_policies": 10,
        "portal.publish_reports": 60,
    }.items()
}

# The task that new matches wake up: it says which of them are removed pictures that are back, and then all are told.
AFTER_MATCHES = "takedowns.screen_relapses"

# A folder, or a bucket that all machines share: `s3://bucket/prefix?endpoint_url=…&region=…`.
SPOOL_DIR = env.str("SPOOL_DIR", default=str(DATA_DIR / "spool"))
SPOOL_URL = env.str("SPOOL_URL", default="")
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "media"},
    },
    # Fetched pictures wait here, by content hash, until they are ingested.
    "spool": spool_storage(SPOOL_URL)
    if SPOOL_URL
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": SPOOL_DIR},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(DATA_DIR / "static"))
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

vars().update(env.email_url("EMAIL_URL", default=f"filemail:///{DATA_DIR / 'mail'}"))
EMAIL_TIMEOUT = 30

# Alert mails leave no faster than this, from all processes together; what is more waits. 0: as fast as they can.
MAILS_A_MINUTE = env.int("MAILS_A_MINUTE", default=1200)
# Signatures (DKIM, RFC 6376): a private key as PEM or the path of one, and the selector under which the DNS has its
# public half; empty: mails are not signed here, as the mail server may do that.
DKIM_KEY = env.str("DKIM_KEY", default="")
DKIM_SELECTOR = env.str("DKIM_SELECTOR", default="faceward")

# --- Alerts --------------------------------------------------------------------------------------------
# Alerts that come within this time become one mail.
ALERT_SETTLE_SECONDS = env.int("ALERT_SETTLE_SECONDS", default=300)
# The hard ceiling: never more alert mails to one person within 24 hours, and within seven days.
ALERT_MAILS_A_DAY = env.int("ALERT_MAILS_A_DAY", default=3)
ALERT_MAILS_A_WEEK = env.int("ALERT_MAILS_A_WEEK", default=10)
# Where alert mails come back to, as `bounces@example.org`; each gets an address of its own below it
# (`bounces+token@`). Empty: they come back to DEFAULT_FROM_EMAIL, and nobody hears of it.
BOUNCES_EMAIL = env.str("BOUNCES_EMAIL", default="")
# Where those are read, as for NOTICES_INBOX_URL; and the key with which a mail service signs what it hands over at
# /hooks/bounces/.
BOUNCES_INBOX_URL = env.str("BOUNCES_INBOX_URL", default="")
BOUNCES_WEBHOOK_SECRET = env.str("BOUNCES_WEBHOOK_SECRET", default="")
# The key with which browsers know us as the sender of a push (VAPID, RFC 8292), as PEM; empty: one of our own making.
VAPID_KEY = env.str("VAPID_KEY", default="")

# --- Sign-in -------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:home"
ACCOUNT_LOGOUT_REDIRECT_URL = "portal:landing"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.security.forms.AboutYouForm"
ACCOUNT_ADAPTER = "accounts.security.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Codes to type in, not links: nothing that opens an account is in an address, a history or a log.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# Not SUPPORTS_CHANGE: allauth offers it to new accounts only, which would tell who has one.
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_CHANGE_EMAIL = True
# Whoever has an account is told by mail of everything that touches signing in.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _portal.scheme
ACCOUNT_SESSION_REMEMBER = False
MFA_ADAPTER = "accounts.security.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = MFA_PASSKEY_SIGNUP_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Faceward"
MFA_TOTP_TOLERANCE = 1
# Browsers take `localhost` for a safe place, and nothing else without TLS.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _https
if env.bool("BEHIND_PROXY", default=False):
    ALLAUTH_TRUSTED_PROXY_COUNT = 1

# --- Plans and money -------------------------------------------------------------------------------------
# What an account has without a subscription: free, watch or protect.
DEFAULT_PLAN = env.str("DEFAULT_PLAN", default="free")
# Without these, plans are granted by staff.
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_URL = env.str("STRIPE_API_URL", default="")
# The prices on sale, by plan: `watch=price_…,protect=price_…`.
STRIPE_PRICES = env.dict("STRIPE_PRICES", default={})

# --- People's rights over their data -----------------------------------------------------------------------
# How long backups are kept; the operator's backups must keep to it.
BACKUP_RETENTION_DAYS = env.int("BACKUP_RETENTION_DAYS", default=30)
# A mailbox that is read for requests: `imaps://user:password@host/INBOX`, or a folder of .eml files: `maildrop:///path`.
PRIVACY_INBOX_URL = env.str("PRIVACY_INBOX_URL", default="")
# The right-hand side of the ids of our mails.
MAIL_DOMAIN = _portal.hostname or "localhost"
# Where enrolment is not offered, as in `User.region`.
NOT_OFFERED_IN = env.list("NOT_OFFERED_IN", default=[])
# Where the data is kept, in words, and who else handles it: `name|purpose|country;name|purpose|country`.
DATA_LOCATION = env.str("DATA_LOCATION", default="")
PROCESSORS = env.str("PROCESSORS", default="")

# --- Faces ---------------------------------------------------------------------------------------------
FACE_MODEL = env.str("FACE_MODEL", default="sface")
# After a change of model: the one before, for as long as there are opt-outs that were made with it.
FACE_MODEL_BEFORE = env.str("FACE_MODEL_BEFORE", default="")
# Processes that look at pictures, for each process that asks them to; 0 is one per usable core.
FACE_WORKERS = env.int("FACE_WORKERS", default=0)
# A certified provider of liveness checks, as the dotted path of a class (docs/liveness.md); empty: our own check.
LIVENESS_PROVIDER = env.str("LIVENESS_PROVIDER", default="")
# After this long without signing in, matches are shown after a new live check only.
PRESENCE_MAX_AGE_DAYS = env.int("PRESENCE_MAX_AGE_DAYS", default=90)
# `index` keeps crawled faces for a time, so that somebody who enrols later can be found; `watch` compares and
# forgets: nothing about a face that is no match is ever written.
GALLERY_MODE = env.str("GALLERY_MODE", default="index")
# Crawled faces that were not seen for this long are forgotten.
GALLERY_RETENTION_DAYS = env.int("GALLERY_RETENTION_DAYS", default=180)

# --- The crawler -----------------------------------------------------------------------------------------
CRAWLER_USER_AGENT = env.str("CRAWLER_USER_AGENT", default=f"Faceward/0.1 (+{PORTAL_URL}/crawler/)")
CRAWLER_DELAY_SECONDS = env.float("CRAWLER_DELAY_SECONDS", default=1.0)
# Where crawlers on several machines share their frontier; empty: each run lives in one process.
FRONTIER_URL = env.str("FRONTIER_URL", default="")
# Fetching waits while this much waits for ingest.
SPOOL_MAX_BYTES = env.int("SPOOL_MAX_BYTES", default=2 * 1024**3)
# Known pages and pictures are visited again after between these two, sooner the more often they change.
REVISIT_MIN_SECONDS = env.int("REVISIT_MIN_SECONDS", default=6 * 3600)
REVISIT_MAX_SECONDS = env.int("REVISIT_MAX_SECONDS", default=30 * 24 * 3600)
# For pages that need JavaScript and for screenshots; empty: the system's Chromium, where there is one.
CHROMIUM = env.str("CHROMIUM", default="")
# Follow-up requests (verification, evidence, RDAP) to loopback and private addresses: for the demo and tests.
FETCH_ALLOW_PRIVATE = env.bool("FETCH_ALLOW_PRIVATE", default=False)
# Where the registries' bootstrap files are (RFC 9224).
RDAP_BOOTSTRAP_URL = env.str("RDAP_BOOTSTRAP_URL", default="https://data.iana.org/rdap/")

# --- Takedowns -------------------------------------------------------------------------------------------
# The kill switch: while it is off, approved notices wait.
NOTICES_ENABLED = env.bool("NOTICES_ENABLED", default=True)
# Where answers to notices arrive: `imaps://user:password@host/INBOX`, or a folder of .eml files: `maildrop:///path`.
NOTICES_INBOX_URL = env.str("NOTICES_INBOX_URL", default="")
# The key with which a mail service signs what it hands over at /hooks/mail/; empty: nothing is taken there.
NOTICES_WEBHOOK_SECRET = env.str("NOTICES_WEBHOOK_SECRET", default="")
# Above so many letters, or so many operators, approving many at once takes two people.
BULK_LETTERS = env.int("BULK_LETTERS", default=10)
BULK_OPERATORS = env.int("BULK_OPERATORS", default=3)
# At most so many first letters to one operator within a day; what is more waits, longest first.
OPERATOR_DAILY_LETTERS = env.int("OPERATOR_DAILY_LETTERS", default=50)
# A proxy in another network (`http://user:password@host:port`), through which removals are looked at once more.
SECOND_PATH_URL = env.str("SECOND_PATH_URL", default="")
# Where contacts are looked for besides RDAP: name servers (empty: the system's), WHOIS and PeeringDB.
DNS_SERVERS = env.list("DNS_SERVERS", default=[])
# As `host:port`; empty: it is not asked.
WHOIS_SERVER = env.str("WHOIS_SERVER", default="whois.iana.org:43")
PEERINGDB_URL = env.str("PEERINGDB_URL", default="https://www.peeringdb.com/api/")
# `removed` needs two agreeing checks this far apart; the demo shortens it.
VERIFICATION_INTERVAL_SECONDS = env.int("VERIFICATION_INTERVAL_SECONDS", default=24 * 3600)

# --- The rest --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"scrub": {"()": "config.log_scrub.ScrubPaths"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        # For what names the addresses that were asked for: tokens and query strings are left out.
        "scrubbed": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["scrub"]},
    },
    "loggers": {
        "django": {"handlers": ["scrubbed"], "level": env.str("LOG_LEVEL", default="WARNING"), "propagate": False},
        "django.server": {"handlers": ["scrubbed"], "level": "INFO", "propagate": False},
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="WARNING")},
}
