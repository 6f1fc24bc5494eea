"""Draws on the demo page's canvas in two tabs of a real browser, which has to show the same in both.

    streams_demo.py BROWSER URL DIRECTORY

The browser is driven by its DevTools protocol. DIRECTORY gets its profile and a picture of the second tab.
"""

import asyncio
import base64
import json
import subprocess
import sys
import urllib.parse
import urllib.request

from websockets.asyncio.client import connect

# The pixels that something is drawn on.
DRAWN = """
    (() => {
        const canvas = document.getElementById("canvas")
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        let sum = ""
        for (let i = 3; i < data.length; i += 4) if (data[i] > 0) sum += i + ","
        return sum
    })()
"""


def check(condition, message):
    if not condition:
        raise SystemExit(f"streams_demo: {message}")


class Tab:
    """A page of the browser."""

    def __init__(self, connection):
        self.connection = connection
        self.number = 0

    async def call(self, method, **parameters):
        self.number += 1
        await self.connection.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await asyncio.wait_for(self.connection.recv(), 60))
            if answer.get("id") == self.number:
                check("error" not in answer, f"{method}: {answer}")
                return answer["result"]

    async def evaluate(self, expression):
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        check("exceptionDetails" not in result, f"{expression}: {result}")
        return result["result"].get("value")

    async def until(self, expression, what):
        for _ in range(300):
            if await self.evaluate(expression):
                return
            await asyncio.sleep(0.1)
        check(False, f"not {what}: {await self.evaluate('document.body.innerText')}")

    async def draw(self, points):
        # A tab that isn't seen takes its time with events.
        await self.call("Page.bringToFront")
        left, top = json.loads(await self.evaluate(
            "(() => { const r = canvas.getBoundingClientRect(); return JSON.stringify([r.left, r.top]) })()"))
        for number, (x, y) in enumerate(points):
            kind = "mousePressed" if number == 0 else "mouseMoved"
            await self.call("Input.dispatchMouseEvent", type=kind, x=left + x, y=top + y, button="left", buttons=1, clickCount=1)
        await self.call("Input.dispatchMouseEvent", type="mouseReleased", x=left + x, y=top + y, button="left", clickCount=1)


async def main(browser, url, directory):
    profile = f"{directory}/browser"
    process = subprocess.Popen(
        [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1000,900", "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if line.startswith("DevTools listening on "):
                port = line.split(":")[2].split("/")[0]
                break
        else:
            check(False, "the browser does not start")

        async def open_tab(url):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/json/new?{urllib.parse.quote(url)}", method="PUT")
            page = json.load(await asyncio.to_thread(urllib.request.urlopen, request))
            tab = Tab(await connect(page["webSocketDebuggerUrl"], max_size=None))
            await tab.until("document.readyState === 'complete' && typeof socket !== 'undefined' && socket?.readyState === 1", "connected")
            return tab

        first = await open_tab(url)
        room = await first.evaluate("location.hash")
        check(len(room) > 22, f"the page's room: {room}")
        await first.draw([(50, 50), (150, 80), (250, 50)])
        await first.until("lines.length >= 2", "drawn in the tab that draws")
        second = await open_tab(url + room)
        await second.until("lines.length >= 2", "what was drawn before replayed")
        await second.draw([(100, 300), (200, 350), (300, 300), (400, 350)])
        await first.until("lines.length >= 5", "what the second tab draws seen in the first")
        drawn = await first.evaluate(DRAWN)
        check(drawn and drawn == await second.evaluate(DRAWN), "the two tabs show different pictures")
        picture = await second.call("Page.captureScreenshot")
        with open(f"{directory}/canvas.png", "wb") as file:
            file.write(base64.b64decode(picture["data"]))

        # More lines than are kept one by one
        await first.evaluate("""
            for (let x = 0; x < 210; x++) {
                const lines = [["#aa0000", x, 400, x + 50, 450]]
                send({ type: "push", key: "lines", action: { type: "append" }, value: { lines } })
            }
        """)
        await second.until("lines.length >= 215", "many lines seen")
        third = await open_tab(url + room)
        await third.until("lines.length >= 215", "many lines replayed")
        check(await third.evaluate(DRAWN) == await second.evaluate(DRAWN), "a new tab shows another picture")

        await second.evaluate("document.getElementById('clear').click()")
        for tab in [first, second, third]:
            await tab.until("lines.length === 0", "cleared")
    finally:
        process.terminate()
        process.wait()


asyncio.run(main(*sys.argv[1:]))
