"""The directory of designated agents: imported from files of all kinds, matched by name, weak when lapsed."""

import io
import json
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from takedowns.contacts import directory
from takedowns.contacts.directory import NotADirectory
from takedowns.contacts.roles import Role
from takedowns.models import DmcaAgent

TODAY = date(2026, 11, 22)
HEAD = "Service Provider,Alternate Names,Agent E-mail,Country,Effective Date,Terminated On\n"
ROWS = (
    'Pics Ltd,"pics.example; https://www.pics-mirror.example/;The Picture Place",DMCA@Pics.example,gb,2025-03-01,\n'
    "Old Hosting Inc.,old.example,agent@old.example,US,03/01/2019,\n"
    "Gone LLC,gone.example,agent@gone.example,US,2025-01-01,2025-06-01\n"
    "No Address LLC,nobody.example,,US,2025-01-01,\n"
)


@pytest.mark.django_db
def test_every_name_of_a_provider_has_a_row() -> None:
    imported = directory.load(HEAD + ROWS)
    assert (imported.names, imported.skipped, imported.removed) == (8, 1, 0)
    agent = DmcaAgent.objects.get(name="pics-mirror.example")
    assert (agent.provider, agent.email, agent.country) == ("Pics Ltd", "dmca@pics.example", "GB")
    assert agent.expires_on == date(2028, 3, 1)
    assert set(DmcaAgent.objects.filter(provider="Pics Ltd").values_list("name", flat=True)) == {
        "pics ltd", "pics.example", "pics-mirror.example", "the picture place"
    }  # fmt: skip


@pytest.mark.django_db
def test_importing_it_again_changes_nothing_and_replacing_forgets_the_rest() -> None:
    directory.load(HEAD + ROWS)
    assert directory.load(HEAD + ROWS).names == 8
    assert DmcaAgent.objects.count() == 8
    assert directory.load(HEAD + ROWS.splitlines(keepends=True)[0], replace=True).removed == 4
    assert set(DmcaAgent.objects.values_list("provider", flat=True)) == {"Pics Ltd"}


@pytest.mark.django_db
def test_a_site_is_matched_by_its_own_name_and_those_above_it_only() -> None:
    directory.load(HEAD + ROWS)
    for host in ("pics.example", "img.cdn.pics.example", "PICS-MIRROR.example"):
        (found,) = directory.agents_for(host, TODAY)
        assert (found.email, found.role, found.confidence) == (
            "dmca@pics.example",
            Role.DMCA_AGENT,
            directory.BY_DOMAIN,
        )
    for host in ("notpics.example", "pics.example.org", "example", "", "127.0.0.1"):
        assert directory.agents_for(host, TODAY) == []


@pytest.mark.django_db
def test_a_host_is_matched_by_its_exact_name() -> None:
    directory.load(HEAD + ROWS)
    (found,) = directory.agents_named("The  Picture PLACE", TODAY)
    assert found.confidence == directory.BY_NAME
    assert directory.agents_named("Picture", TODAY) == []
    assert directory.agents_named("", TODAY) == []


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["old.example", "gone.example"])
def test_a_lapsed_designation_is_weak(host: str) -> None:
    directory.load(HEAD + ROWS)
    (found,) = directory.agents_for(host, TODAY)
    assert found.confidence == pytest.approx(directory.BY_DOMAIN * directory.LAPSED)


@pytest.mark.django_db
def test_of_two_designations_the_one_that_holds_counts() -> None:
    rows = "A,a.example,new@a.example,US,2025-01-01,\nA,a.example,old@a.example,US,2015-01-01,\n"
    directory.load(HEAD + rows)
    assert DmcaAgent.objects.get(name="a.example").email == "new@a.example"


@pytest.mark.parametrize("text", ["", "a,b,c\n", "Service provider\nPics", "email\na@b.example", "\x00\x01"])
@pytest.mark.django_db
def test_a_file_without_the_columns_is_refused(text: str) -> None:
    with pytest.raises(NotADirectory):
        directory.load(text)


class AnyFile(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(st.text(max_size=400))
    def test_any_rows_are_read(self, text: str) -> None:
        directory.load(HEAD + text)
        directory.load(HEAD + text, replace=True)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.lists(st.text(max_size=30), min_size=6, max_size=6), max_size=4), st.text(max_size=40))
    def test_any_cells_are_read_and_any_host_is_looked_up(self, rows: list[list[str]], host: str) -> None:
        lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
        directory.load(HEAD + "\n".join(lines))
        directory.agents_for(host, TODAY)
        directory.agents_named(host, TODAY)


@pytest.mark.django_db
def test_the_command_imports_a_file(tmp_path: Path) -> None:
    file = tmp_path / "agents.csv"
    file.write_bytes(b"\xef\xbb\xbf" + (HEAD + ROWS).encode())
    out = io.StringIO()
    call_command("dmca_agents", str(file), "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"names": 8, "skipped": 1, "removed": 0}


@pytest.mark.django_db
def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("dmca_agents", str(tmp_path / "none.csv"))
    file = tmp_path / "other.csv"
    file.write_text("colour,size\nred,7\n")
    with pytest.raises(CommandError, match="no column"):
        call_command("dmca_agents", str(file))
