from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from mlops_cli.formats.canonical import compact
from mlops_cli.history.runtime import Runtime, read_runtime
from mlops_cli.store.digest import digest_bytes
from tests.support.files import write


def environment(folder: Path, *installed: str, config: str = "home = /usr/bin\nversion = 3.11.7\n") -> Path:
    """Make what a virtual environment looks like."""
    packages = folder / "lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    for name in installed:
        (packages / name).mkdir()
    if config:
        write(folder / "pyvenv.cfg", config)
    return folder


def read(prefix: Path, **variables: str) -> Runtime:
    return read_runtime(prefix, variables, ())


def test_packages_are_those_of_the_environment_in_which_stages_run(tmp_path: Path) -> None:
    venv = environment(tmp_path, "numpy-2.1.0.dist-info", "numpy", "six.py", "__pycache__")
    assert read(venv).packages == {"numpy": "2.1.0"}


def test_names_of_packages_are_written_in_one_way(tmp_path: Path) -> None:
    venv = environment(tmp_path, "Scikit_Learn-1.7.0.dist-info", "PyYAML-6.0.dist-info")
    assert read(venv).packages == {"scikit-learn": "1.7.0", "pyyaml": "6.0"}


def test_the_python_is_that_of_the_environment(tmp_path: Path) -> None:
    assert read(environment(tmp_path)).python == "3.11.7"


def test_the_python_of_an_environment_made_by_another_tool_is_found(tmp_path: Path) -> None:
    assert read(environment(tmp_path, config="uv = 0.5\nversion_info = 3.11.9\n")).python == "3.11.9"


def test_without_a_configuration_the_python_is_that_of_the_folder(tmp_path: Path) -> None:
    assert read(environment(tmp_path, config="")).python == "3.11"


def test_of_this_interpreter_the_python_is_known_exactly() -> None:
    assert read(Path(sys.prefix)).python == platform.python_version()


def test_packages_of_this_interpreter_are_found_without_importing_them() -> None:
    assert "pytest" in read(Path(sys.prefix)).packages


def test_a_folder_that_is_no_environment_has_no_packages(tmp_path: Path) -> None:
    assert read(tmp_path / "none").packages == {}


def test_the_same_packages_have_the_same_digest(tmp_path: Path) -> None:
    one = environment(tmp_path / "1", "a-1.dist-info", "b-2.dist-info")
    other = environment(tmp_path / "2", "b-2.dist-info", "a-1.dist-info")
    assert read(one).packages_digest == read(other).packages_digest


def test_another_version_of_a_package_is_another_digest(tmp_path: Path) -> None:
    one = environment(tmp_path / "1", "a-1.dist-info")
    other = environment(tmp_path / "2", "a-2.dist-info")
    assert read(one).packages_digest != read(other).packages_digest


def test_the_digest_is_that_of_names_and_versions(tmp_path: Path) -> None:
    venv = environment(tmp_path, "a-1.dist-info")
    assert read(venv).packages_digest == digest_bytes(compact({"a": "1"}))


def test_variables_that_limit_threads_are_kept_and_no_others(tmp_path: Path) -> None:
    runtime = read(tmp_path, OMP_NUM_THREADS="2", MKL_NUM_THREADS="3", HOME="/home/ada", API_KEY="x")
    assert runtime.threads == {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "3"}


def test_the_machine_is_told(tmp_path: Path) -> None:
    runtime = read_runtime(tmp_path, {}, ("0", "1"))
    assert runtime.cpus == os.cpu_count()
    assert runtime.gpus == ("0", "1")
    assert platform.machine() in runtime.platform


def test_the_name_of_the_machine_is_not_told(tmp_path: Path) -> None:
    assert platform.node() not in read(tmp_path).platform
