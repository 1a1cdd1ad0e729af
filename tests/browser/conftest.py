"""A real `make lab` in a copy of the repository, and a real browser in front of it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.jupyterlab import Lab

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-for-the-test"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing but the page is wanted from the browser: no updates, no accounts, no graphics card.
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium; tests are skipped where there is none."""
    found = [path for path in map(shutil.which, BROWSERS) if path]
    if not found:
        pytest.skip(f"no browser to test with: none of {', '.join(BROWSERS)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found[0], args=BROWSER_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def environment() -> Path:
    """The virtual environment that these tests run in, if `make lab` can use it as it is."""
    for program in ("make", "awk"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed, and a learner would start the course with make")
    venv = Path(sys.prefix)
    stamp = f"{venv.resolve()}\n{(ROOT / 'pyproject.toml').read_text(encoding='utf-8')}"
    made = venv / "installed-from"
    # Otherwise `make lab` in the copy would install the copy into this environment.
    if not made.exists() or made.read_text(encoding="utf-8") != stamp:
        pytest.skip("this Python is not that of an up-to-date environment made by `make`: use `make test`")
    return venv


@pytest.fixture(scope="package")
def copy() -> Iterator[Path]:
    """A copy of the repository, in a folder with spaces in its name, where tests may write."""
    # Not below /tmp, which in the sandbox is another folder, and readable for the user that learners' code runs as.
    folder = Path(tempfile.mkdtemp(prefix="browser-", dir="/var/tmp" if os.path.isdir("/var/tmp") else None))
    folder.chmod(0o755)
    target = folder / "learn network programming"
    left_out = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".autograder", "build", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, target, ignore=left_out)
    try:
        yield target
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def address(copy: Path, environment: Path, browser: Browser) -> Iterator[str]:
    """The address that `make lab` prints: the one where lesson 00 opens."""
    home = copy.parent / "home"
    home.mkdir()
    log = copy.parent / "jupyterlab.log"
    options = f"--no-browser --port=0 --expose-app-in-browser --IdentityProvider.token={TOKEN}"
    # A home of its own keeps this user's settings out, and the path makes `import autograder` mean the copy.
    variables = {**os.environ, "HOME": str(home), "PYTHONPATH": str(copy)}
    variables = {name: value for name, value in variables.items() if not name.startswith(("JUPYTER", "XDG_"))}
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "lab", f"VENV={environment}", f"ARGS={options}"],
            cwd=copy,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _printed_address(process, log)
    finally:
        _end(process)


def _printed_address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        text = log.read_text(encoding="utf-8", errors="replace")
        match = re.search(r"http://127\.0\.0\.1:\d+/\S+", text)
        if match:
            return match[0].split("?")[0]
        if process.poll() is not None:
            break
        time.sleep(0.2)
    pytest.fail(f"`make lab` did not print an address:\n{log.read_text(encoding='utf-8', errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    # make and JupyterLab share a process group; JupyterLab ends its kernels when it is asked to end.
    for number, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty tab of a browser that remembers nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(30_000)
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture
def screenshots(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder that the variable SCREENSHOTS names, else a temporary one."""
    named = os.environ.get("SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.getbasetemp() / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def lab(page: Page, address: str, copy: Path, screenshots: Path) -> Lab:
    """JupyterLab in a fresh tab, not yet opened."""
    return Lab(page, address, TOKEN, copy, screenshots)
