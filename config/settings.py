"""Every setting, in reading order. What a deployment may change is read by `env` and listed in docs/settings.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accounts.schedule import SCHEDULE as IMPORTS
from config import env, refusals
from outcomes.schedule import SCHEDULE as STATISTICS

ROOT = Path(__file__).resolve().parent.parent

# --- What this installation is ------------------------------------------------------------------------------------

DEBUG = env.switch("DEBUG", default=False, help="Show tracebacks to the visitor. Never in production.")
SECRET_KEY = env.text("SECRET_KEY", help="Signs sessions, cursors and links. 50 random characters or more.")
SECRET_KEY_FALLBACKS = env.names(
    "SECRET_KEY_FALLBACKS", default=[], help="Earlier SECRET_KEYs, whose sessions and links are still good."
)
ENCRYPTION_KEYS = env.names(
    "ENCRYPTION_KEYS", default=[], help="Seal stored secrets, the newest first. Without any, SECRET_KEY does."
) or [SECRET_KEY, *SECRET_KEY_FALLBACKS]
PRODUCT_NAME = env.text("PRODUCT_NAME", default="Throughline", help="The name that pages and letters use.")
SITE_URL = env.url(
    "SITE_URL", schemes=["http", "https"], default="http://localhost:8000", help="Where people reach it."
)
ALLOWED_HOSTS = env.names(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"], help="Host names that are answered."
)
CSRF_TRUSTED_ORIGINS = env.names(
    "CSRF_TRUSTED_ORIGINS", default=[], help="Origins that may post, with scheme, behind a proxy."
)
SIGNUP_OPEN = env.switch("SIGNUP_OPEN", default=True, help="Whether anybody may sign up a new organisation.")
INVITATIONS_MOST_OPEN = env.number(
    "INVITATIONS_MOST_OPEN", default=500, minimum=1, help="Open invitations that an organisation may have at a time."
)
INVITATION_LETTERS_A_DAY = env.number(
    "INVITATION_LETTERS_A_DAY", default=500, minimum=1, help="Letters of invitation that an organisation sends a day."
)
DEMO_PASSWORD = env.text(
    "DEMO_PASSWORD", default="", help="Password of the example organisation's owner, for manage.py seed_demo."
)

# --- Parts --------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "accounts",
    "strategy",
    "activities",
    "outcomes",
    "frontend",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "template_partials",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.forms",
]

MIDDLEWARE = [
    "accounts.middleware.RequestIdMiddleware",
    "config.health.ProbesMiddleware",
    "config.metrics.web.MetricsMiddleware",
    "accounts.middleware.NulMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.PrivateMiddleware",
    "csp.middleware.CSPMiddleware",
    "frontend.http.CompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "frontend.doors.sessions.SessionEndMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "frontend.http.RefusalMiddleware",
    # The last, so that no other makes an answer of an exception before it knows of one.
    "accounts.middleware.TenantMiddleware",
]
FORM_RENDERER = "frontend.forms.rendering.PageRenderer"
CSRF_FAILURE_VIEW = "frontend.views.errors.forged"
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.context.layout",
            ],
        },
    }
]

# --- Database -----------------------------------------------------------------------------------------------------

# `manage.py migrate` sets the role for itself; everything else meets the wall.
DATABASE_ROLE = env.choice(
    "DATABASE_ROLE", ["web", "migrate"], default="web", help="Which login is used; manage.py migrate sets it."
)
DATABASE_URL = env.url(
    "DATABASE_URL", schemes=["postgresql", "postgres"], help="The web role's login: web, workers and tests use it."
)
DATABASE_MIGRATE_URL = env.url(
    "DATABASE_MIGRATE_URL",
    schemes=["postgresql", "postgres"],
    default="",
    help="The migrator's login, for manage.py migrate only.",
)
DATABASE_ADMIN_URL = env.url(
    "DATABASE_ADMIN_URL",
    schemes=["postgresql", "postgres"],
    default="",
    help="A superuser's login, for manage.py bootstrap_database and backup only.",
)


def _database(url: str, **options: Any) -> dict[str, Any]:
    login = env.address(url)
    return {
        "ENGINE": "accounts.tenancy.backend",
        "NAME": login.name,
        "USER": login.user,
        "PASSWORD": login.password,
        "HOST": login.host,
        "PORT": str(login.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **login.options, **options},
        # Transaction poolers hand the server connection to somebody else between two fetches.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "TEST": {"NAME": login.name},
    }


def database(role: str) -> dict[str, Any]:
    """How the web role or the migrator reaches the database."""
    if role == "web":
        return _database(DATABASE_URL) | {"WALLED": True}
    if not DATABASE_MIGRATE_URL:
        raise env.Misconfigured("DATABASE_MIGRATE_URL is not set: migrations need the migrator's login.")
    return _database(DATABASE_MIGRATE_URL, assume_role="tl_owner") | {"WALLED": False}


DATABASES = {"default": database(DATABASE_ROLE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker, cache, tasks -----------------------------------------------------------------------------------------

CELERY_BROKER_URL = env.url(
    "CELERY_BROKER_URL",
    schemes=["redis", "rediss", "valkey", "amqp", "amqps"],
    default="redis://127.0.0.1:6379/0",
    help="Where tasks are announced.",
)
CACHE_URL = env.url(
    "CACHE_URL",
    schemes=["redis", "rediss"],
    default="",
    help="A cache that all processes share, which limits are counted in.",
)
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "accounts.cache.SharedCache", "LOCATION": CACHE_URL, "KEY_PREFIX": "tl"}
        if CACHE_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}
# The result backend is not used: what people see of a job is a row of ours.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = env.number(
    "TASK_TIME_LIMIT", default=900, minimum=10, help="Seconds after which a task is ended."
)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than any task may run, or a slow one would be started twice.
    "visibility_timeout": env.number(
        "TASK_VISIBILITY_TIMEOUT", default=1000, minimum=20, help="Seconds until a lost worker's task is given again."
    ),
    # Without these two kombu looks for lost messages only every hundred seconds.
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "accounts.tasks.deliver_letters": {"queue": "default"},
    "accounts.tasks.check_*": {"queue": "default"},
    "accounts.tasks.*_events": {"queue": "events"},
    "accounts.tasks.*_webhooks": {"queue": "events"},
    "accounts.tasks.*": {"queue": "imports"},
    "outcomes.tasks.*": {"queue": "statistics"},
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {**IMPORTS, **STATISTICS}
READY_MAX_LAG = env.number(
    "READY_MAX_LAG", default=300, minimum=1, help="Seconds that work may wait before /readyz says so."
)

# --- Sign-in ------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "frontend.doors.adapter.Adapter"
ACCOUNT_FORMS = {
    "signup": "frontend.forms.doors.SignUp",
    "login": "frontend.forms.doors.SignIn",
    "change_password": "frontend.forms.doors.ChangePassword",
    "add_email": "frontend.forms.doors.Address",
    "reset_password": "frontend.forms.doors.AskReset",
    "reset_password_from_key": "frontend.forms.doors.Reset",
    "reauthenticate": "frontend.forms.doors.AgainPassword",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    # Wrong passwords are counted by frontend/doors/throttle.py, right ones are not. This is for wrong second steps,
    # which only somebody with the password can give.
    "login": None,
    "login_failed": "5/5m/key",
    "signup": "20/m/ip,60/h/ip",
    "reset_password": "20/m/ip,3/10m/key",
    "confirm_email": "1/m/key",
}
PASSWORD_RESET_TIMEOUT = 2 * 3600
MFA_ADAPTER = "frontend.doors.factors.Adapter"
MFA_FORMS = {
    "authenticate": "frontend.forms.factors.Authenticate",
    "reauthenticate": "frontend.forms.factors.AgainCode",
    "activate_totp": "frontend.forms.factors.AddApp",
    "add_webauthn": "frontend.forms.factors.AddPasskey",
    "edit_webauthn": "frontend.forms.factors.NamePasskey",
    "authenticate_webauthn": "frontend.forms.factors.AuthenticatePasskey",
    "reauthenticate_webauthn": "frontend.forms.factors.AgainPasskey",
    "login_webauthn": "frontend.forms.factors.SignInPasskey",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Browsers themselves offer passkeys to HTTPS and to localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = SITE_URL.startswith("http:")

# Ended after twelve hours without a request, and after fourteen days however busy (frontend/doors/sessions.py).
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# Organisations name their own identity providers; what they name must not lead inside.
OUTBOUND_NETWORKS = env.names(
    "OUTBOUND_NETWORKS",
    default=["127.0.0.0/8", "::1/128"] if DEBUG else [],
    help="Networks of one's own where an organisation's identity provider may be, like 10.1.0.0/16.",
)
DNS_SERVERS = env.names(
    "DNS_SERVERS", default=[], help="Who is asked about the domains of organisations; without any, the machine's own."
)

# --- What browsers are told ---------------------------------------------------------------------------------------

SECURE = SITE_URL.startswith("https:")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SECURE_SSL_REDIRECT = (
    env.switch("HTTPS_REDIRECT", default=True, help="Send plain HTTP to HTTPS when SITE_URL is https.") and SECURE
)
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
BEHIND_PROXY = env.switch(
    "BEHIND_PROXY", default=False, help="Trust X-Forwarded-Proto and the last X-Forwarded-For, which the proxy sets."
)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Limits on signing in count by address: all would share the proxy's, and one stranger could lock everybody out.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Files --------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = Path(
    env.text("MEDIA_ROOT", default="var/uploads", help="Folder for uploaded files, never served to browsers.")
)
MEDIA_ROOT = MEDIA_ROOT if MEDIA_ROOT.is_absolute() else ROOT / MEDIA_ROOT
IMPORT_MAX_BYTES = env.number(
    "IMPORT_MAX_BYTES", default=50_000_000, minimum=1024, help="Bytes that the files of one import may have together."
)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "frontend.uploads.CappedUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Words, days, money -------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Mail ---------------------------------------------------------------------------------------------------------

EMAIL_URL = env.url(
    "EMAIL_URL",
    schemes=["smtp", "smtps", "submission", "file"],
    default="",
    help="The mail server that sends letters; without one they wait.",
)
# A letter opens an account: only a developer's machine puts it where somebody else may read it.
MAIL_FOLDER = Path("/" + env.address(EMAIL_URL).name) if EMAIL_URL.startswith("file:") else None
if MAIL_FOLDER and not DEBUG:
    raise env.Misconfigured("EMAIL_URL is a folder: set it to a mail server, a folder is for development only.")
# Letters are rows that a worker sends (`accounts/delivery.py`); nothing else sends any.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", default="Throughline <no-reply@localhost>", help="Sender of letters.")

# --- API ----------------------------------------------------------------------------------------------------------

API_LIMIT_TOKEN = env.number(
    "API_LIMIT_TOKEN", default=600, minimum=0, help="Requests that one token may send in a minute; 0: any number."
)
API_LIMIT_ORGANISATION = env.number(
    "API_LIMIT_ORGANISATION",
    default=3000,
    minimum=0,
    help="Requests that all tokens of an organisation may send in a minute; 0: any number.",
)
API_LIMIT_STRANGERS = env.number(
    "API_LIMIT_STRANGERS",
    default=60,
    minimum=0,
    help="Requests without a good token that one address gets answered with 401 in a minute; 0: any number.",
)
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.MayAct"],
    "DEFAULT_RENDERER_CLASSES": ["accounts.api.rendering.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "accounts.api.schema.Schema",
    "DEFAULT_VERSIONING_CLASS": None,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "accounts.api.rendering.AlwaysJSON",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "accounts.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Throughline API",
    "VERSION": "1",
    "DESCRIPTION": (
        "Feed activities, deals and milestones; read statistics. Errors are problem documents (RFC 9457) whose types"
        " are explained at /api/errors. Lists are pages: follow `next`. Fields that are not listed are refused."
    ),
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/", "description": "This installation"}],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "accounts.api.schema.share_problems",
        "accounts.api.schema.tell_parts",
        "accounts.api.schema.tell_webhooks",
    ],
}

# --- Logs ---------------------------------------------------------------------------------------------------------

LOG_FORMAT = env.choice("LOG_FORMAT", ["json", "lines"], default="json", help="json for machines, lines for people.")
LOGGING_CONFIG = "config.logs.configure"
LOGGING: dict[str, Any] = {
    "format": LOG_FORMAT,
    "level": env.choice(
        "LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR"], default="INFO", help="How much is written to the log."
    ),
}

# --- Figures and faults -------------------------------------------------------------------------------------------

METRICS_TOKEN = env.text(
    "METRICS_TOKEN", default="", help="What Prometheus sends to read /metrics. Without it nothing is counted."
)
METRICS_LISTEN = env.text(
    "METRICS_LISTEN", default="", help="Address and port at which a Celery worker tells its figures, 127.0.0.1:9100."
)
SENTRY_DSN = env.url(
    "SENTRY_DSN", schemes=["https", "http"], default="", help="Where faults are reported. Without it nothing is sent."
)
SENTRY_ENVIRONMENT = env.text("SENTRY_ENVIRONMENT", default="production", help="What a report calls this installation.")

# --- What is refused ----------------------------------------------------------------------------------------------

if DEBUG:
    refusals.refuse_debug_in_public(hosts=ALLOWED_HOSTS, site_url=SITE_URL)
else:
    refusals.refuse_weak_keys(
        SECRET_KEY=SECRET_KEY, SECRET_KEY_FALLBACKS=SECRET_KEY_FALLBACKS, ENCRYPTION_KEYS=ENCRYPTION_KEYS
    )
    refusals.refuse_known_passwords(
        DATABASE_URL=DATABASE_URL,
        DATABASE_MIGRATE_URL=DATABASE_MIGRATE_URL,
        CELERY_BROKER_URL=CELERY_BROKER_URL,
        CACHE_URL=CACHE_URL,
    )
    refusals.refuse_unshared_limits(CACHE_URL)
refusals.refuse_unusable_metrics(token=METRICS_TOKEN, listen=METRICS_LISTEN)
