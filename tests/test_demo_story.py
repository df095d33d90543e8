"""`manage.py demo`: the story comes out right, twice, and the last line says so in figures."""

import json
from pathlib import Path

import pytest

from tests.installation import Installation

pytestmark = [pytest.mark.slow]


def test_the_story_comes_out_right_and_starts_clean(tmp_path: Path) -> None:
    installation = Installation(tmp_path, DEFAULT_PLAN="free")
    for _ in range(2):
        done = installation.run("demo", "--no-serve", "--json", timeout=280)
        assert done.returncode == 0, done.stdout + done.stderr
        figures = json.loads(done.stdout.strip().splitlines()[-1])
        assert len(figures["matches"]) == 8
        assert figures["alerts"] == 3
        assert figures["relapses"] == 1
        (notice,) = figures["notices"]
        assert notice == {
            "ground": "dmca_512c",
            "recipient": "abuse@loopback-hosting.example",
            "status": "complied",
        }
        assert [check["outcome"].startswith("removed") for check in figures["verifications"]] == [True, True]
        assert set(figures["seconds"]) >= {"world", "people", "crawl", "ingest", "alert", "case", "total"}
    # Nothing outside the demo's own folder was made: the installation beside it is untouched.
    assert not (tmp_path / "faceward.sqlite3").exists()
