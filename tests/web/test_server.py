"""The real program on a real port."""

import subprocess
import sys
import urllib.request

import pytest


@pytest.fixture
def dashboard(copy_of_repo):
    """The address of src/app_dashboard.py, started from another folder by whatever Python runs the tests."""
    command = [sys.executable, str(copy_of_repo / "src" / "app_dashboard.py"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as process:
        yield process.stdout.readline().split()[1]
        process.terminate()


def test_python_src_app_dashboard_serves_the_page(dashboard):
    with urllib.request.urlopen(dashboard, timeout=30) as answer:
        assert "No data yet" in answer.read().decode()


def test_a_taken_port_is_said_in_a_sentence(dashboard, copy_of_repo):
    port = dashboard.rsplit(":", 1)[1]
    command = [sys.executable, str(copy_of_repo / "src" / "app_dashboard.py"), "--port", port]

    second = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert second.returncode == 1
    assert second.stderr.startswith(f"dashboard: port {port} cannot be used (Address already in use).")


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_number_that_is_no_port_is_a_usage_error_not_another_port(copy_of_repo, port):
    command = [sys.executable, str(copy_of_repo / "src" / "app_dashboard.py"), f"--port={port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"'{port}' is no port from 0 to 65535" in done.stderr
