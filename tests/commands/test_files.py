"""Files that are written whole or not at all."""

import os
import time

import pytest

from brn_numpy._files import STALE, target_of, whole_file


def test_parts_of_killed_runs_are_removed(tmp_path):
    """Those of this file, when they are old; a part that another run writes now stays."""
    old, new, others = (
        tmp_path / name
        for name in (".out.json.01234567.part", ".out.json.89abcdef.part", ".b.json.01234567.part")
    )
    for part in (old, new, others):
        part.write_text("half")
    before = time.time() - STALE - 60
    for part in (old, others):
        os.utime(part, (before, before))
    with whole_file(tmp_path / "out.json") as file:
        file.write(b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [others.name, new.name, "out.json"]
    )


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links(tmp_path):
    """A link stays and what it points to is written; one that leads to itself is an OSError."""
    target, link, itself = tmp_path / "target", tmp_path / "link", tmp_path / "itself"
    link.symlink_to(target)
    itself.symlink_to(itself)
    with whole_file(link) as file:
        file.write(b"whole")
    assert link.is_symlink() and target.read_bytes() == b"whole" == target_of(link).read_bytes()
    with (
        pytest.raises(OSError, match="it is a link that leads to itself"),
        whole_file(itself),
    ):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["itself", "link", "target"]
