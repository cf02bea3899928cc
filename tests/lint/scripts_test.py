"""Scripts parse, and the lists of conformance cases name cases that exist."""
import json
import subprocess

import pytest

import tree

CONFORMANCE = tree.ROOT / "tests/conformance"
SCRIPTS = ["quickstart.sh", "test.sh", ".ci/run", ".ci/install.sh", ".ci/fetch_duktape.sh", "tests/fuzz/run.sh", "tests/conformance/goplugin-build"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_shell_scripts_parse_and_can_be_run(script):
    path = tree.ROOT / script
    assert path.stat().st_mode & 0o111, f"{script} is not executable"
    assert subprocess.run(["bash", "-n", path], capture_output=True).returncode == 0


def case_names(list_name):
    lines = (CONFORMANCE / list_name).read_text().splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


@pytest.mark.parametrize("list_name", ["passing.txt", "disputed.txt"])
def test_the_lists_name_conformance_cases_once_each_and_in_order(list_name):
    names = case_names(list_name)
    unknown = [n for n in names if not (CONFORMANCE / "cases" / n / "case.json").is_file()]
    assert not unknown, f"{list_name}: no such case: {unknown}"
    assert names == sorted(set(names)), f"{list_name} is not sorted, or names a case twice"


def test_a_case_is_not_both_passing_and_disputed():
    assert not set(case_names("passing.txt")) & set(case_names("disputed.txt"))


def test_the_example_files_are_json():
    examples = [tree.ROOT / "conf/tyk.conf", *sorted((tree.ROOT / "apps").glob("*.json"))]
    assert len(examples) > 1
    for path in examples:
        json.loads(path.read_text())


def test_the_example_configuration_has_no_secret_of_its_own():
    assert json.loads((tree.ROOT / "conf/tyk.conf").read_text())["secret"].startswith("env://")
