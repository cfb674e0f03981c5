"""Do the use-cases do on PostgreSQL and MariaDB what the quick tests say they do on SQLite?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import SERVERS, database

pytestmark = pytest.mark.deep

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", SERVERS)
def test_the_tests_of_the_use_cases_pass_on_every_server(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path):  # skips where the server is not there
        command = [
            sys.executable,
            "-m",
            "pytest",
            "tests/usecases",
            "tests/payments",
            "tests/api",
            "-q",
            "-n",
            "2",
            "-p",
            "no:cacheprovider",
        ]
        environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        environ |= {"TEST_DATABASE": kind, "REQUIRE_DATABASES": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
