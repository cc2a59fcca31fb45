"""The web server's process refuses to serve a project that the system checks find fault with."""

import os
import subprocess
import sys
from pathlib import Path

from tests.vendors import ROOT

PAGES = """
from django.urls import path

from muster.urls import urlpatterns as known

urlpatterns = [*known, path("open-to-all/", lambda request: None)]
handler400 = handler403 = handler404 = handler500 = "muster.views.failures.broken"
"""


def served(folder: Path, urls: str) -> "subprocess.CompletedProcess[str]":
    """Load the application in a process of its own, with these addresses."""
    (folder / "with_pages.py").write_text(f"from muster.settings import *\nROOT_URLCONF = {urls!r}\n")
    (folder / "more_pages.py").write_text(PAGES)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
        "DJANGO_SETTINGS_MODULE": "with_pages",
        "MUSTER_HOME": str(folder / "home"),
    }
    command = [sys.executable, "-c", "import muster.wsgi"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_view_that_says_not_whom_it_is_for_is_not_served(tmp_path: Path) -> None:
    refused = served(tmp_path, "more_pages")

    assert refused.returncode == 1
    assert "The view of /open-to-all/ does not declare whom it is for." in refused.stderr


def test_a_sound_project_is_served_without_a_word(tmp_path: Path) -> None:
    sound = served(tmp_path, "muster.urls")

    assert (sound.returncode, sound.stdout) == (0, ""), sound.stderr
