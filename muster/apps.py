from django.apps import AppConfig


class MusterConfig(AppConfig):
    name = "muster"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import declared  # noqa: F401  (registers the system check)
