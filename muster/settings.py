"""Muster's settings. What differs between installations is read from MUSTER_* variables: docs/operations.md lists them."""

import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from muster import key_file, running
from muster.environment import Environment, redis_parts

BASE_DIR = Path(__file__).resolve().parent.parent
environ = Environment()

HOME = Path(environ.text("MUSTER_HOME", "var")).absolute()
DEBUG = environ.flag("MUSTER_DEBUG", default=False)
BIND = environ.text("MUSTER_BIND", "127.0.0.1")
PORT = environ.whole("MUSTER_PORT", 8000, low=1, high=65535)
WORKERS = environ.whole("MUSTER_WORKERS", 2, low=1, high=64)

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = environ.names("MUSTER_ALLOWED_HOSTS") or LOOPBACK_HOSTS
CSRF_TRUSTED_ORIGINS = [
    f"https://{host.replace('.', '*.', 1) if host.startswith('.') else host}" for host in ALLOWED_HOSTS if host != "*"
]
# Cookies marked secure would never come back over plain http, so the default asks whether anybody else can reach this.
SECURE = environ.flag("MUSTER_SECURE", default=not set(ALLOWED_HOSTS) <= set(LOOPBACK_HOSTS))
PRODUCTION = SECURE or bool(environ.text("DATABASE_URL"))
DEMO = environ.flag("MUSTER_DEMO", default=not PRODUCTION)

_missing = [name for name in key_file.NAMES if not environ.text(name)]
if _missing and PRODUCTION:
    raise ImproperlyConfigured(
        f"{', '.join(_missing)} must be set: an installation with its own host name or database is given its secrets, "
        "it does not make them up. Nothing was started. docs/operations.md says how to make them."
    )
DATABASE_FILE = HOME / "muster.sqlite3"
_kept = key_file.read_or_make(HOME / "keys.json", in_use=os.path.exists(DATABASE_FILE)) if _missing else {}
SECRET_KEY = environ.text("MUSTER_SECRET_KEY", _kept.get("MUSTER_SECRET_KEY", ""))
VAULT_KEYS = environ.keys("MUSTER_VAULT_KEYS", _kept.get("MUSTER_VAULT_KEYS", ""))
PEPPER = environ.pepper("MUSTER_PEPPER", _kept.get("MUSTER_PEPPER", ""))

# The engine. Seconds, except where said.
LEASE_SECONDS = environ.number("MUSTER_LEASE_SECONDS", 45, low=0.1, high=3600)
RENEW_SECONDS = environ.number("MUSTER_LEASE_RENEW_SECONDS", 10, low=0.02, high=600)
REQUEST_TIMEOUT = environ.number("MUSTER_REQUEST_TIMEOUT", 15, low=0.05, high=300)
TICK_SECONDS = environ.number("MUSTER_TICK_SECONDS", 10, low=0.05, high=600)
SLICE_SECONDS = environ.number("MUSTER_SLICE_SECONDS", 60, low=0.05, high=600)
SENDERS = environ.whole("MUSTER_SENDERS", 4, low=1, high=64)  # threads that send within one run
BATCH_BYTES = environ.whole("MUSTER_BATCH_BYTES", 500_000, low=500, high=3_900_000)  # of a run's first request
BATCH_PEOPLE = environ.whole("MUSTER_BATCH_PEOPLE", 12_500, low=1, high=100_000)  # most people in one request
RING_SECONDS = environ.number("MUSTER_RING_SECONDS", 30, low=0.05, high=600)  # until a run is rung for again
SEGMENT_POLL_SECONDS = environ.number("MUSTER_SEGMENT_POLL_SECONDS", 300, low=1, high=86_400)  # between two looks
EARLY_RUN_SECONDS = environ.number(
    "MUSTER_EARLY_RUN_SECONDS", 300, low=1, high=86_400
)  # between runs that events ask for
if RENEW_SECONDS * 2 >= LEASE_SECONDS:
    raise ImproperlyConfigured("MUSTER_LEASE_RENEW_SECONDS must be less than half of MUSTER_LEASE_SECONDS.")

# The vendors.
CUSTOMERIO_RATE = environ.number("MUSTER_CUSTOMERIO_RATE", 8, low=0.1, high=100_000)  # requests a second and workspace
CUSTOMERIO_HOSTS = {
    "us": environ.url("MUSTER_CUSTOMERIO_US", "https://api.customer.io"),
    "eu": environ.url("MUSTER_CUSTOMERIO_EU", "https://api-eu.customer.io"),
}
# Where platforms are read back, by the name of their API; only reading goes there.
PLATFORM_HOSTS = environ.urls(
    "MUSTER_PLATFORM_HOSTS",
    {
        "meta": "https://graph.facebook.com",
        "google_ads": "https://googleads.googleapis.com",
        "google_token": "https://oauth2.googleapis.com",
        "amplitude_us": "https://amplitude.com",
        "amplitude_eu": "https://analytics.eu.amplitude.com",
        "mixpanel_us": "https://mixpanel.com",
        "mixpanel_eu": "https://eu.mixpanel.com",
        "mixpanel_in": "https://in.mixpanel.com",
        "posthog_us": "https://us.posthog.com",
        "posthog_eu": "https://eu.posthog.com",
    },
)
MEASURE_SECONDS = environ.number(
    "MUSTER_MEASURE_SECONDS", 6 * 3600, low=1, high=7 * 86_400
)  # between two readings back
# How old a webhook's signature may be. Customer.io tries again for seven days and does not say whether it signs anew.
WEBHOOK_FRESH_SECONDS = environ.number("MUSTER_WEBHOOK_FRESH_SECONDS", 604_800, low=60, high=604_800)
# Messages to people: links in them, the mail server, and one webhook that takes {"text": …} as Slack's do.
URL = environ.url("MUSTER_URL", f"http://127.0.0.1:{PORT}")
EMAIL_HOST = environ.text("MUSTER_EMAIL_HOST")
EMAIL_PORT = environ.whole("MUSTER_EMAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = environ.text("MUSTER_EMAIL_USER")
EMAIL_HOST_PASSWORD = environ.text("MUSTER_EMAIL_PASSWORD")
EMAIL_USE_TLS, EMAIL_USE_SSL = environ.mail_security("MUSTER_EMAIL_SECURITY", "starttls")
DEFAULT_FROM_EMAIL = environ.text("MUSTER_EMAIL_FROM", "muster@localhost")
EMAIL_TIMEOUT = REQUEST_TIMEOUT
WEBHOOK_URL = environ.url_or_none("MUSTER_WEBHOOK_URL")
SANDBOX_RUDDER = environ.text("MUSTER_SANDBOX_RUDDER")  # set by `manage.py up` for the demo's pipes
PRIVATE_HOSTS = frozenset(environ.names("MUSTER_PRIVATE_HOSTS"))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "django_rq",
    "muster",
    "audiences",
    "syncs",
    "reconciliation",
]
MIDDLEWARE = [
    "muster.stack_room.StackRoom",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "muster.security_headers.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "muster.local_time.LocalTime",
    "muster.refused_methods.RefusedMethods",
    "muster.access.DenyByDefault",
]
ROOT_URLCONF = "muster.urls"
WSGI_APPLICATION = "muster.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "muster.access.permissions",
                "muster.local_time.installation",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "muster.Person"
AUTHENTICATION_BACKENDS = ["muster.signed_in.Accounts"]
SESSION_ENGINE = "muster.signed_in"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("full_name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"

if environ.text("DATABASE_URL"):
    _database = dj_database_url.parse(environ.text("DATABASE_URL"), conn_max_age=30, conn_health_checks=True)
    DATABASES = {"default": {**_database}}
else:
    # IMMEDIATE: a transaction that reads first and writes later otherwise fails at once under a second writer. FULL: the
    # ledger must not lose its last commits with the power. A checkpoint comes every 128 MB: what is written again in
    # between moves once. CONN_MAX_AGE: to open the file costs as much as to store a webhook.
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATABASE_FILE,
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA page_size=16384; PRAGMA wal_autocheckpoint=8000; "
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    }

# A command beside a running `manage.py up` rings the Redis that up started.
REDIS_URL = environ.text("REDIS_URL", running.read(HOME).get("redis_url") or "redis://127.0.0.1:6379/0")
FAILURE_TTL = 7 * 24 * 3600  # RQ's own default keeps tracebacks for a year
RQ_QUEUES = {
    "muster": {
        **redis_parts(REDIS_URL),
        "SERIALIZER": "rq.serializers.JSONSerializer",
        "DEFAULT_RESULT_TTL": 0,
        "DEFAULT_TIMEOUT": 1200,
    }
}
RQ = {"QUEUE_CLASS": "muster.rq_worker.Doorbell"}
RQ_SHOW_ADMIN_LINK = False  # its dashboard mounts itself in the admin, and reading it can start jobs

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = environ.text("MUSTER_TIME_ZONE", "UTC")

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
_static_storage = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if DEBUG
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_storage},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = SECURE
PROBES = ("/healthz", "/readyz")
WEBHOOKS = "/webhooks/"
SECURE_REDIRECT_EXEMPT = [f"^{path[1:]}$" for path in PROBES]  # asked over plain http from inside
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "muster.views.failures.form_too_old"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "muster.redaction.RedactingFilter"}},
    "formatters": {"json": {"()": "muster.log_lines.JsonLines"}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "json",
            "filters": ["redact"],
        }
    },
    "root": {"handlers": ["stdout"], "level": "INFO"},
    # Django's own handlers would print a request's path and mail its errors; the root's handler redacts.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
    },
}
