"""The viewer's server: on this machine alone, all assets from this machine, no telemetry."""

from __future__ import annotations

import os
import signal
import socket
import sys
import warnings
import webbrowser
from collections.abc import Callable
from importlib.util import find_spec
from tempfile import TemporaryDirectory

from runs.errors import UserError, needs
from runs.viewer.desk import Desk
from runs.viewer.network import draw
from runs.viewer.setup import Setup, first_setup

HOST = "127.0.0.1"
USUAL_PORT = 8765
HIGHEST_PORT = 65535
WARM = 3  # quarters
NEEDED = ("solara", "solara_assets", "altair", "ipyvuetify")
# Read by Solara when it is imported. What is not served from here would come from the internet: so
# the place to fetch the rest from is a port on which nobody listens.
ENVIRONMENT = {
    "SOLARA_APP": "runs.viewer.page",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_ASSETS_CDN": f"http://{HOST}:9/",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "false",
    "SOLARA_THEME_TITLE": "Hub and Spoke",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_KERNEL_CULL_TIMEOUT": "2h",  # a closed tab is kept as long, for a reload
}


def serve(
    setup: Setup, port: int = USUAL_PORT, *, browser: bool = True, say: Callable[[str], object]
) -> None:
    """Serve the page until Ctrl-C.

    say : told where the page is, once it can be asked for

    Raises
    ------
    UserError
        If the port is taken, no browser is found, or a part of the extra is not installed.
    ScenarioError, ValueError
        If the scenario or the seed cannot be used.
    """
    check_installed()
    listening = listen(port)
    url = f"http://{HOST}:{listening.getsockname()[1]}/"
    try:
        if browser:
            check_browser(url)
        warm_up(setup)
        first_setup(setup)
        with TemporaryDirectory(prefix="hubspoke-") as home:
            # else Solara would leave a folder, with a number for its telemetry, in the user's own
            os.environ.update(ENVIRONMENT | {"SOLARA_HOME": home})
            _run(listening, url, browser=browser, say=say)
    finally:
        listening.close()


def warm_up(setup: Setup) -> None:
    """Play and draw the beginning once: the first time takes longest, and no reader should wait.

    Raises
    ------
    ScenarioError, ValueError
        If the scenario or the seed cannot be used.
    """
    desk = Desk(setup)
    for _ in range(WARM):
        desk.step()
        draw(desk.ground(), desk.scene())


def check_installed() -> None:
    """Check that the extra is installed.

    Raises
    ------
    UserError
        Says how to install it.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UserError(
            f"this installation lacks {', '.join(missing)}: {needs('the viewer', 'viewer')}"
        )


def listen(port: int) -> socket.socket:
    """Take a port of this machine; 0 takes any.

    Raises
    ------
    UserError
        If it cannot be had.
    """
    if not 0 <= port <= HIGHEST_PORT:
        raise UserError(f"--port {port}: a port is a number from 1 to {HIGHEST_PORT}")
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # there it would let two programs have the same port
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen()
    except PermissionError:
        taken.close()
        raise UserError(f"--port {port}: not allowed here; take one above 1023") from None
    except OSError:
        taken.close()
        raise UserError(
            f"--port {port}: another program uses it, maybe a viewer that still runs; stop that, or"
            f" take another, such as --port {port + 1 if port < HIGHEST_PORT else port - 1}"
        ) from None
    return taken


def check_browser(url: str) -> None:
    """Check that there is a browser.

    Raises
    ------
    UserError
        If none is found.
    """
    try:
        webbrowser.get()
    except webbrowser.Error:
        raise UserError(
            f"no browser was found on this machine; start again with --no-browser and open {url}"
            " yourself"
        ) from None


def _run(
    listening: socket.socket, url: str, *, browser: bool, say: Callable[[str], object]
) -> None:
    """Serve on a socket; Solara is imported here, after its environment has been set."""
    import uvicorn
    from solara.server.starlette import app
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    # about pages inside frames of other sites, which this one is not
    warnings.filterwarnings("ignore", "Cookies with samesite=none", UserWarning)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            say(url)
            if browser and not webbrowser.open(url):
                print("The browser did not start: open the page yourself.", file=sys.stderr)

    # a page of elsewhere that calls itself by our address is not served
    guarded = TrustedHostMiddleware(app, [HOST, "localhost"])
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does, tidily
    config = uvicorn.Config(guarded, log_level="warning", access_log=False, ws="websockets-sansio")
    Server(config).run(sockets=[listening])
