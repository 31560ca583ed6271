"""Change the code in every small way there is, and see whether a test notices.

    python tests/mutation/run.py core            # or: gradcheck, nn
    python tests/mutation/run.py nn --sample 300

needs `pip install -e '.[mutation,test]'`. It works on a copy of the last commit, takes some
seconds for every change, and ends with the changes that no test noticed. Those that change nothing
are listed, with the reason, in equivalent.md beside this file.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ["_kernels", "_passes", "moments", "batch_norm", "batch_renorm", "schedule"]
MODULES = {
    "core": [f"brn_numpy/{name}.py" for name in CORE],
    "gradcheck": [
        f"brn_numpy/gradcheck/{path.name}"
        for path in sorted((ROOT / "brn_numpy/gradcheck").glob("[a-z]*.py"))
    ],
    "nn": [f"brn_numpy/nn/{path.name}" for path in sorted((ROOT / "brn_numpy/nn").glob("*.py"))],
}
TESTS = {  # what kills most comes first: a run stops at the first failure
    "core": (
        "core/test_textbook core/test_schedule core/test_running_and_inference "
        "core/test_core_doctests core/test_kernels core/test_batch_renorm_properties "
        "core/test_batch_norm_properties core/test_bad_input core parity bench/test_bench"
    ),
    "gradcheck": (
        "gradcheck/test_reports gradcheck/test_arguments gradcheck/test_caches "
        "gradcheck/test_hints gradcheck/test_edges gradcheck/test_steps gradcheck "
        "commands/test_check_command"
    ),
    "nn": "nn test_readme",
}
# Bit operations on masks stand for `and` and `or`; the others have no counterpart in this code.
LEFT_OUT = "core/.*(BitXor|BitOr_|BitAnd_|_BitOr|_BitAnd|LShift|RShift|_Mod|_FloorDiv|IsNot|_Is).*"
CONFIG = """\
[cosmic-ray]
module-path = {modules}
timeout = 300.0
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider {tests}"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = ["{left_out}"]
"""


def main() -> int:
    """Run the mutants of one part of the package; return 1 if one survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=MODULES)
    parser.add_argument("--sample", type=int, metavar="N", help="only N mutants, drawn with seed 0")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
        names = TESTS[options.part].split()
        paths = [f"tests/{n}" if (copy / "tests" / n).is_dir() else f"tests/{n}.py" for n in names]
        config = CONFIG.format(
            modules=MODULES[options.part],
            python=sys.executable,
            tests=" ".join(paths),
            left_out=LEFT_OUT,
        )
        (copy / "mutation.toml").write_text(config)
        for tool in (
            "cosmic-ray init mutation.toml s.sqlite",
            "cr-filter-operators s.sqlite mutation.toml",
        ):
            _run(tool, copy)
        if options.sample is not None:
            _keep(options.sample, copy / "s.sqlite")
        _run("cosmic-ray exec mutation.toml s.sqlite", copy)
        return _report(copy / "s.sqlite")


def _run(command: str, folder: Path) -> None:
    tool, *arguments = command.split()
    program = Path(sys.executable).with_name(tool)
    # Python tells a changed file by its second and its size: with .pyc files, a mutant of the same
    # length within the same second would not be seen.
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([str(program), *arguments], cwd=folder, check=True, env=environment)


def _keep(count: int, session: Path) -> None:
    """Leave only so many mutants to be run."""
    with sqlite3.connect(session) as db:
        waiting = db.execute(
            "SELECT job_id FROM work_items WHERE job_id NOT IN (SELECT job_id FROM work_results) "
            "ORDER BY job_id"
        ).fetchall()
        drawn = random.Random(0).sample(waiting, min(count, len(waiting)))
        dropped = [job for job in waiting if job not in set(drawn)]
        for table in ("mutation_specs", "work_items"):
            db.executemany(f"DELETE FROM {table} WHERE job_id = ?", dropped)


def _report(session: Path) -> int:
    """Print the survivors and the counts; return the exit code."""
    with sqlite3.connect(session) as db:
        outcomes = db.execute(
            "SELECT r.test_outcome, r.diff, m.module_path, m.start_pos_row FROM work_results r "
            "JOIN mutation_specs m ON r.job_id = m.job_id WHERE r.worker_outcome != 'SKIPPED' "
            "ORDER BY m.module_path, m.start_pos_row"
        ).fetchall()
    survivors = [row for row in outcomes if row[0] == "SURVIVED"]
    for _, diff, module, line in survivors:
        print(f"\n{module}, line {line}")
        print("\n".join(change for change in diff.splitlines()[2:] if change[:1] in "+-"))
    print(
        f"\n{len(outcomes)} mutants, {len(outcomes) - len(survivors)} killed, "
        f"{len(survivors)} survived"
    )
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
