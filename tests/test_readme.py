"""The README: its Python runs, its links lead somewhere, its commands are those that CI runs."""

import re
from pathlib import Path

from brn_numpy.experiments import compare
from brn_numpy.interop import conventions_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fences(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_python_runs():
    """The example runs as it stands, and its names mean what the text says."""
    (code,) = fences("python")
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["dx"].shape == (4, 3)
    assert abs(names["dx"].sum()) < 1e-12
    assert names["running"].std.shape == (3,)


def test_links_lead_somewhere():
    """Every link to a file of the repository exists."""
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert len(links) > 8
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_conventions():
    """The table of conventions is the one that interop is tested against."""
    assert conventions_table() in README


def test_commands():
    """Both commands make a virtual environment first; one runs compare, one runs pytest."""
    main, test = (
        re.search(rf"<!-- {kind} command -->\n```sh\n(.*)\n```\n", README).group(1)
        for kind in ("main", "test")
    )
    for command in (main, test):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")
    assert main.endswith(".venv/bin/python -m brn_numpy compare")
    assert " -e . " in main  # so that the tutorials find the results and recordings of the clone
    assert test.endswith(".venv/bin/python -m pytest")
    if (ROOT / ".ci" / "run").exists():
        assert "<!-- test command -->" in (ROOT / ".ci" / "run").read_text()


def test_transcript_is_that_of_compare():
    """The transcript has the lines that compare prints, with the defaults it has now."""
    (transcript,) = fences("text")
    assert "18 trainings\n" in transcript and f"after {compare.STEPS} steps" in transcript
    lines = transcript.splitlines()
    experiment = compare.experiment(10)
    for label, row in experiment.tables[0].rows.items():
        assert sum(line.startswith(label) for line in lines) == 1
        assert f"the paper: {experiment.tables[0].paper[label]}" in transcript
        assert list(row) == ["BN", "BRN", "BRN - BN"]
    said = transcript.replace("\n    ", " ")
    assert all(f"reproduced: {claim.text} (" in said for claim in experiment.claims)
