"""The table of what the benchmark of alerts measured."""

from bench import alerts

FIGURES = {"sending": 55.0, "gathering": 5.0, "mails": 1000.0, "one": 0.1, "hundred": 0.5, "deciding": 1.0}


def test_the_targets_are_met_or_not() -> None:
    assert "NOT MET" not in alerts.as_table(1000, FIGURES).text()
    for worse in ({"sending": 61.0}, {"mails": 999.0}, {"one": 2.1}, {"hundred": 2.1}, {"deciding": 2.1}):
        assert alerts.as_table(1000, FIGURES | worse).text().count("NOT MET") == 1


def test_fewer_people_have_less_time() -> None:
    assert "NOT MET" in alerts.as_table(100, FIGURES | {"mails": 100.0}).text()
