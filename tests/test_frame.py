"""The frame holds: locks, make targets, import rules, settings example, and nothing private."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")
PINNED = re.compile(r"^[a-z0-9-]+==[^\s;]+( ; [^\\]+)?(\s--hash=sha256:[0-9a-f]{64})+$")

# Written so that this file does not match itself.
PRIVATE = re.compile(
    r"(?<![\w.:/])/(?:roo[t]|hom[e]/\w+|User[s]/\w+|wor[k]/(?:main|shared)|op[t]/(?:wheels|pypi)|tm[p]/\w+)/"
    r"|py[p]i\.org|python[h]osted\.org|[-]-(?:extra-)?index-url"
)
HIDDEN_AND_OURS = {".ci", ".dockerignore", ".env.example", ".gitignore"}
LEFT_BY_TOOLS = {"build", "dist", "__pycache__", "robocall.egg-info"}

SETTINGS = {
    "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_URL", "VOICE_API_KEY",
    "VOICE_API_URL", "VOICE_CALLS_PER_MINUTE", "VOICE_CONCURRENT_CALLS", "VOICE_SCHEDULING",
    "VOICE_RETRIES", "PUBLIC_URL", "ROBOCALL_HOST", "ROBOCALL_PORT", "ROBOCALL_DB",
    "ROBOCALL_SECRET", "ROBOCALL_DEFAULT_REGION", "ROBOCALL_LOG_LEVEL", "ROBOCALL_LOG_FORMAT",
}  # fmt: skip


def requirements_of(lock: str) -> list[str]:
    """The logical lines of a lock file, continuation lines joined."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def pins_of(lock: str) -> dict[str, str]:
    """Package name -> pinned version."""
    requirements = [Requirement(line.split(" --hash")[0]) for line in requirements_of(lock)]
    return {
        canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in requirements
    }


def tracked_files() -> Iterator[Path]:
    """Every file under version control; without git, every file that is not a tool's."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
        names = listed.stdout.decode().split("\0")
        yield from (ROOT / name for name in names if name and (ROOT / name).is_file())
        return
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        is_hidden = parts[0].startswith(".") and parts[0] not in HIDDEN_AND_OURS
        if path.is_file() and not is_hidden and not LEFT_BY_TOOLS.intersection(parts):
            yield path


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run make as if nobody had called it: the flags of a surrounding `make test` are dropped."""
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_its_hashes_and_names_no_place(lock: str) -> None:
    """A lock line is name, version, marker and hashes: no host, no URL, no path, no option."""
    lines = requirements_of(lock)
    assert len(lines) > 20
    assert [line for line in lines if not PINNED.match(line)] == []


@pytest.mark.parametrize(
    ("lock", "groups"),
    [
        ("requirements.lock", ("build",)),
        ("requirements-dev.lock", ("build", "dev")),
        ("requirements-bench.lock", ("build", "dev", "bench")),
    ],
)
def test_a_lock_satisfies_what_pyproject_asks_for(lock: str, groups: tuple[str, ...]) -> None:
    """Every direct dependency is pinned at a version inside its range."""
    wanted = list(PYPROJECT["project"]["dependencies"])
    for group in groups:
        wanted += PYPROJECT["dependency-groups"][group]
    pins = pins_of(lock)
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


@pytest.mark.parametrize(("small", "large"), list(itertools.pairwise(LOCKS)))
def test_a_larger_lock_contains_the_smaller(small: str, large: str) -> None:
    """Tests and benchmarks run with the very versions that are shipped."""
    assert pins_of(small).items() <= pins_of(large).items()


def test_ci_runs_make_test() -> None:
    """CI and a developer run the same thing, and CI stops at the first error."""
    script = ROOT / ".ci/run"
    commands = [line for line in script.read_text().splitlines() if not line.startswith("#")]
    assert script.stat().st_mode & 0o111
    assert commands[0] == "set -euo pipefail"
    assert commands[-1] == "exec make test"


def test_make_help_lists_every_target() -> None:
    """What can be made is listed, and what is listed can be made."""
    listed = {line.split()[1] for line in make("help").stdout.splitlines()}
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert listed == set(phony.group(1).split())
    assert {"demo", "test", "run", "lint", "format", "types", "unit", "lock", "bench"} <= listed


@pytest.mark.parametrize("goal", ["test", "demo", "run", "unit", "chaos", "bench", "lock"])
def test_every_target_can_be_planned(goal: str) -> None:
    """Make knows how to reach each goal: no rule is missing for anything it depends on."""
    assert make("--dry-run", goal).returncode == 0


@pytest.mark.parametrize("version", ["(3, 10, 14)", None])
def test_an_old_python_is_refused_with_words(tmp_path: Path, version: str | None) -> None:
    """A python3 that is too old or missing gives a sentence, and leaves nothing half made."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "an old python"
    if version:
        claim = f"import sys; sys.version_info = {version}; exec(sys.argv[1])"
        python.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{claim}' \"$2\"\n")
        python.chmod(0o755)
    made = make(f"PYTHON={python}", "demo", folder=tmp_path)
    assert made.returncode != 0
    assert "Robocall needs Python 3.11 or newer" in made.stderr
    assert not (tmp_path / ".venv").exists()


def test_every_module_of_the_bot_has_its_place_in_the_layers() -> None:
    """A new module or package in bot/ is placed in the import rules before it can be used."""
    contracts = {one["id"]: one for one in PYPROJECT["tool"]["importlinter"]["contracts"]}
    placed = set(re.findall(r"bot\.\w+", " ".join(contracts["layers"]["layers"])))
    walled_off = set(re.findall(r"bot\.\w+", " ".join(contracts["sandbox-is-a-peer"]["layers"])))
    found = {
        f"bot.{path.stem}"
        for path in (ROOT / "bot").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"bot.__init__"}
    assert found - placed == set()
    assert walled_off == placed


def test_the_import_rules_are_all_there() -> None:
    """None of the contracts has been dropped."""
    assert {one["id"] for one in PYPROJECT["tool"]["importlinter"]["contracts"]} == {
        "layers",
        "handlers-never-touch-storage",
        "sandbox-is-a-peer",
        "domain-does-no-io",
        "services-know-ports",
        "bolt-at-the-edge",
        "apscheduler-in-the-scheduler",
    }


def test_the_example_settings_name_every_setting() -> None:
    """.env.example has each setting once, with a sentence above it."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    names = [
        (n, m.group(1))
        for n, line in enumerate(lines)
        if (m := re.match(r"(?:# )?([A-Z_]+)=", line))
    ]
    assert sorted(name for _, name in names) == sorted(SETTINGS)
    assert [name for n, name in names if not lines[n - 1].startswith("# ")] == []


def test_no_file_names_a_private_place() -> None:
    """No machine path and no package index stands in any file."""
    found = []
    for path in tracked_files():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            if PRIVATE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []
