"""The WSGI application that gunicorn serves."""

import os

from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "muster.settings")
application = get_wsgi_application()
# Here, since all that they look at is loaded here anyway. What they find keeps the project from being served.
BaseCommand().check()
