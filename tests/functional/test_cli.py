"""The command line: quick, complete, and short about mistakes."""

import subprocess
import sys
import time
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from service import cli

COMMAND = str(Path(sys.executable).with_name("penumbra"))
HEAVY = ("torch", "shap", "numba", "onnxruntime", "polars", "kafka", "sqlalchemy", "pydantic")


def penumbra(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)


def test_help_lists_every_command_with_a_line_about_it() -> None:
    """No command without help."""
    said = penumbra("--help").stdout
    for name, entry in cli._entries().items():
        assert name in said
        assert cli.short_help(entry), f"{name} has no docstring"


def test_help_imports_nothing_heavy() -> None:
    """Listing commands reads their source; importing them would take seconds."""
    program = (
        "import sys; from service.cli import run; run(['--help']); "
        f"print('loaded:', [m for m in {HEAVY} if m in sys.modules])"
    )
    listed = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "loaded: []" in listed.stdout


def test_it_starts_nearly_as_fast_as_the_library_it_is_made_with() -> None:
    """The best of three of each, so that a busy machine does not decide."""

    def best(arguments: list[str]) -> float:
        taken = []
        for _ in range(3):
            started = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            taken.append(time.perf_counter() - started)
        return min(taken)

    assert best(["-m", "service", "--version"]) < 8 * best(["-c", "import click"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["brokr"], "No such command 'brokr'"),
        (["broker", "--port", "x"], "not a valid integer"),
        (["broker", "--nothing"], "--nothing"),
        (["broker", "--host", "203.0.113.1", "--port", "1"], "cannot listen on 203.0.113.1:1"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: list[str], said: str) -> None:
    """On stderr, beginning with `error:`; nothing on stdout."""
    ran = penumbra(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: ")
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give a folder of modules in which commands can be put."""
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = EntryPoint("learn", "learning_command:command", cli.GROUP)
    monkeypatch.setattr(cli, "_entries", lambda: {"learn": entry})
    monkeypatch.delitem(sys.modules, "learning_command", raising=False)
    return tmp_path


AT_IMPORT = '''
import click, torch
@click.command()
def command(): """Learn."""
'''
WHEN_RUN = '''
import click
@click.command()
def command():
    """Learn."""
    import torch.nn
'''


@pytest.mark.parametrize("source", [AT_IMPORT, WHEN_RUN], ids=["at import", "when run"])
def test_a_missing_extra_is_named_with_its_installation(
    commands: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    """Whether the command needs it to be imported or only to run."""
    (commands / "learning_command.py").write_text(source)
    finder = NothingOf("torch")
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    for name in [name for name in sys.modules if name.split(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)
    assert cli.run(["learn"]) == 2
    said = capsys.readouterr().err
    assert said == (
        "error: penumbra learn needs torch, which is not installed; "
        "install it with `pip install 'penumbra[training]'`\n"
    )


def test_help_works_although_an_extra_is_missing(
    commands: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list needs the source only."""
    (commands / "learning_command.py").write_text(AT_IMPORT.replace("torch", "not_there"))
    assert cli.run(["--help"]) == 0
    assert "learn  Learn." in capsys.readouterr().out


def test_a_module_that_no_extra_brings_is_a_defect_and_shown_as_one(commands: Path) -> None:
    """A traceback is right for our own mistakes."""
    (commands / "learning_command.py").write_text("import not_there_at_all")
    with pytest.raises(ModuleNotFoundError):
        cli.run(["learn"])


def test_every_extra_that_is_named_exists() -> None:
    """The table of modules and extras agrees with pyproject.toml."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    for module, extra in cli.EXTRA_OF.items():
        names = {line.split("==")[0] for line in project["optional-dependencies"][extra]}
        known_as = {"sklearn": "scikit-learn", "xgboost": "xgboost-cpu"}
        distribution = known_as.get(module, module.replace("_", "-"))
        assert distribution in names


class NothingOf:
    """Makes a package look as if it were not installed."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, name: str, *_: object) -> None:
        """Refuse the package."""
        if name.partition(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
