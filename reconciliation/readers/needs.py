"""What each platform needs to be read: options and secrets by name, for the form and for the reader. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """One thing to enter. `pattern` is a regular expression that the whole value matches; `choices` are (value, words)."""

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = True
    pattern: str = ""
    wrong: str = ""
    choices: tuple[tuple[str, str], ...] = ()


DIGITS = r"\d{1,25}"
NEEDS: dict[str, tuple[Need, ...]] = {
    "meta": (
        Need(
            "account",
            "Ad account",
            "The digits after act_ in Ads Manager's address.",
            pattern=rf"(act_)?{DIGITS}",
            wrong="Enter the digits of the ad account, such as 1234567890.",
        ),
        Need("token", "Access token", "Of a system user with ads_read. Muster never writes with it.", secret=True),
        Need("app_secret", "App secret", "Only if the app requires proof of it.", secret=True, required=False),
    ),
    "google_ads": (
        Need(
            "customer",
            "Customer id",
            "As in Google Ads: 123-456-7890.",
            pattern=r"\d{3}-?\d{3}-?\d{4}",
            wrong="Enter the ten digits of the customer id.",
        ),
        Need(
            "manager",
            "Manager id",
            "Only if access is through a manager account.",
            required=False,
            pattern=r"\d{3}-?\d{3}-?\d{4}",
            wrong="Enter the ten digits of the manager account.",
        ),
        Need("client_id", "OAuth client id", "Of the Google Cloud project that may read Google Ads."),
        Need("client_secret", "OAuth client secret", secret=True),
        Need("refresh_token", "Refresh token", "Granted for the scope adwords.", secret=True),
    ),
    "amplitude": (
        Need("region", "Data region", choices=(("us", "United States"), ("eu", "European Union"))),
        Need("api_key", "API key", secret=True),
        Need("secret_key", "Secret key", secret=True),
    ),
    "mixpanel": (
        Need("region", "Data region", choices=(("us", "United States"), ("eu", "European Union"), ("in", "India"))),
        Need("project", "Project id", pattern=DIGITS, wrong="Enter the digits of the project id."),
        Need("user", "Service account", "Its user name, ending in .mp-service-account."),
        Need("password", "Service account secret", secret=True),
    ),
    "posthog": (
        Need("region", "Data region", choices=(("us", "United States"), ("eu", "European Union"))),
        Need(
            "host",
            "Own host",
            "Only if you run PostHog yourself: its address, such as https://posthog.example.com.",
            required=False,
            pattern=r"https?://[^\s/]+",
            wrong="Enter the address without a path, such as https://posthog.example.com.",
        ),
        Need("project", "Project id", pattern=DIGITS, wrong="Enter the digits of the project id."),
        Need("token", "Personal API key", "With the scope cohort:read.", secret=True),
    ),
    "warehouse": (
        Need(
            "host",
            "Host",
            "Of the PostgreSQL that RudderStack loads.",
            pattern=r"[A-Za-z0-9.-]{1,253}",
            wrong="Enter a host name or an address, without a port.",
        ),
        Need("port", "Port", "Usually 5432.", pattern=r"\d{1,5}", wrong="Enter a number such as 5432."),
        Need("database", "Database"),
        Need(
            "schema",
            "Schema",
            "The RudderStack source's name in snake_case.",
            pattern=r"[A-Za-z_][A-Za-z0-9_$]{0,62}",
            wrong="Enter letters, digits and underscores, not beginning with a digit.",
        ),
        Need("user", "User", "One who may only read."),
        Need("password", "Password", secret=True),
    ),
}
