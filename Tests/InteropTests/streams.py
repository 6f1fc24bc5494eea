"""Uses streams as other programs do: over HTTP, and over WebSocket with text and with CBOR.

    streams.py SCENARIO URL [ARGUMENT...]

The scenarios are the functions with the mark @scenario. Rooms can be made by everybody on the server at URL, except in `makers`.
"""

import asyncio
import json
import random
import socket
import sys
import urllib.error
import urllib.parse
import urllib.request
from base64 import urlsafe_b64encode

import cbor2
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PATH = "/_martlet/streams"
SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__.replace("_", "-")] = function
    return function


def check(condition, message):
    if not condition:
        raise SystemExit(f"streams: {message}")


def equal(found, expected, message=""):
    check(found == expected, f"{message}: {found!r} is not {expected!r}")


# HTTP


def request(method, url, body=None, token=None, content_type="application/json"):
    """The status and the body of an answer."""
    headers = {"Content-Type": content_type}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    message = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(message) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


async def call(method, url, body=None, token=None, **options):
    status, answer = await asyncio.to_thread(request, method, url, body, token, **options)
    return status, json.loads(answer)


async def new_room(url):
    status, room = await call("POST", f"{url}{PATH}/new")
    equal(status, 200, f"new room {room}")
    return room


# WebSocket


class Client:
    """A connection; messages are values, whatever carries them."""

    def __init__(self, connection, cbor):
        self.connection = connection
        self.cbor = cbor

    async def send(self, message):
        await self.connection.send(cbor2.dumps(message) if self.cbor else json.dumps(message))

    async def push(self, key, value, action="append", **more):
        await self.send({"type": "push", "key": key, "value": value, "action": {"type": action, **more}})

    async def get(self, key, **seq):
        await self.send({"type": "get", "key": key, **seq})

    async def receive(self):
        message = await asyncio.wait_for(self.connection.recv(), 30)
        check(isinstance(message, bytes) == self.cbor, f"a frame of the other kind: {message!r}")
        return cbor2.loads(message) if self.cbor else json.loads(message)

    async def expect(self, expected):
        equal(await self.receive(), expected, "received")

    async def replay(self, key, **seq):
        """What a key has, as pairs of number and value; broadcasts before it are read over."""
        await self.get(key, **seq)
        while (message := await self.receive())["type"] != "init":
            pass
        equal(message["key"], key)
        return [(item["seq"], item["value"]) for item in message["data"]]

    async def expect_silence(self):
        await self.send({"type": "ping", "nonce": 77})
        await self.expect({"type": "pong", "nonce": 77})


class Connected:
    """`async with Connected(socket_url) as client`"""

    def __init__(self, url, cbor=False, **query):
        if cbor:
            query["cbor"] = "true"
        self.url = url + ("?" + urllib.parse.urlencode(query) if query else "")
        self.cbor = cbor

    async def __aenter__(self):
        self.connection = await connect(self.url, max_size=None, max_queue=None)
        return Client(self.connection, self.cbor)

    async def __aexit__(self, *_):
        await self.connection.close()


async def refused(url, status):
    try:
        async with connect(url):
            check(False, f"{url} was not refused")
    except InvalidStatus as error:
        equal(error.response.status_code, status, url)


async def closed(client):
    """The code with which the server closes the connection, and the errors that came before."""
    errors = []
    try:
        while True:
            message = await client.receive()
            if message["type"] == "error":
                errors.append(message["message"])
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else None, errors


# Scenarios


@scenario
async def messages(url):
    """Each type of message and each action, in both formats and across them."""
    for cbor in [False, True]:
        room = await new_room(url)
        check(len(room["room"]) >= 22, f"a secret of 128 bits: {room}")
        equal(await call("GET", f"{url}{PATH}/room/{room['room']}"), (200, room))
        async with Connected(room["socket_url"], cbor) as one, Connected(room["socket_url"], not cbor) as other:
            await one.push("key", {"a": [1, None, True]})
            pushed = {"type": "push", "key": "key", "value": {"a": [1, None, True]}, "seq": 1}
            await one.expect(pushed)
            await other.expect(pushed)
            await one.push("key", "second")
            await one.expect({"type": "push", "key": "key", "value": "second", "seq": 2})
            await one.expect({"type": "stream_size", "key": "key", "size": 2})
            await other.expect({"type": "push", "key": "key", "value": "second", "seq": 2})
            await other.expect_silence()
            await one.push("", 0.5, "relay")
            await one.expect({"type": "push", "key": "", "value": 0.5, "seq": 3})
            await other.expect({"type": "push", "key": "", "value": 0.5, "seq": 3})
            equal(await other.replay(""), [])
            equal(await other.replay("key"), [(1, {"a": [1, None, True]}), (2, "second")])
            equal(await other.replay("key", seq=1), [(2, "second")])
            await other.get("key", seq=None)
            await other.expect_silence()
            await one.push("key", "both", "compact", seq=2)
            await other.expect_silence()
            await one.expect_silence()
            equal(await other.replay("key"), [(2, "both")])
            await one.push("key", "third")
            await one.push("key", "only", "replace")
            equal(await one.replay("key"), [(5, "only")])
            await one.send({"type": "push", "key": "key", "action": {"type": "compact", "seq": 5}})
            equal(await one.replay("key"), [])
            await one.send({"type": "ping"})
            await one.expect({"type": "pong", "nonce": None})
        # Over HTTP
        async def send(message):
            return await call("POST", room["http_url"], message)

        push = {"type": "push", "key": "http", "value": [1], "action": {"type": "append"}}
        equal(await send(push), (200, None))
        equal(await send(push), (200, {"type": "stream_size", "key": "http", "size": 2}))
        data = [{"seq": 6, "value": [1]}, {"seq": 7, "value": [1]}]
        equal(await send({"type": "get", "key": "http"}), (200, {"type": "init", "key": "http", "data": data}))
        equal(await send({"type": "get", "key": "http", "seq": 6}), (200, {"type": "init", "key": "http", "data": data[1:]}))
        equal(await send({"type": "get", "key": "http", "seq": None}), (200, None))
        equal(await send({"type": "ping", "nonce": 5}), (200, {"type": "pong", "nonce": 5}))


@scenario
async def formats(url):
    """CBOR comes through unchanged, and as JSON to those who read that."""
    room = await new_room(url)
    values = [
        b"\x00\xff", {"nested": {"bytes": b"abc", "list": [1, -1, 1.5, 2**63, -(2**63) - 5]}}, {1: "number as a key"}, [b"", {}, []],
        float("inf"), "ü\u0000",
    ]
    in_json = [
        "AP8", {"nested": {"bytes": "YWJj", "list": [1, -1, 1.5, 2**63, -(2**63) - 5]}}, {"1": "number as a key"}, ["", {}, []], None,
        "ü\u0000",
    ]
    async with Connected(room["socket_url"], True) as cbor, Connected(room["socket_url"]) as text:
        for value, expected in zip(values, in_json):
            await cbor.push("key", value)
            equal((await text.receive())["value"], expected)
        equal([value for _, value in await cbor.replay("key")], values)
        equal([value for _, value in await text.replay("key")], in_json)
        # The very bytes, a text of indefinite length among them.
        odd = bytes.fromhex("a4647479706564707573686163796573636b65796161") [:0] + cbor2.dumps(
            {"type": "push", "key": "odd", "action": {"type": "append"}})
        odd = bytes([0xA4]) + odd[1:] + cbor2.dumps("value") + bytes.fromhex("7f61616162ff")
        await cbor.connection.send(odd)
        frame = await cbor.connection.recv()
        while b"odd" not in frame:
            frame = await cbor.connection.recv()
        check(bytes.fromhex("7f61616162ff") in frame, f"{frame!r}")


@scenario
async def options(url):
    """Who hears only what it has asked for, and who sees streams whole."""
    room = await new_room(url)
    async with Connected(room["socket_url"]) as pusher:
        await pusher.push("a", 1)
        await pusher.push("b", 2)
        await pusher.replay("b")
        async with Connected(room["socket_url"], keys="asked") as asker, Connected(room["socket_url"], debug="true") as debugger:
            for key, item in [("a", {"seq": 1, "value": 1}), ("b", {"seq": 2, "value": 2})]:
                await debugger.expect({"type": "init", "key": key, "data": [item]})
            await pusher.push("a", 3)
            await debugger.expect({"type": "init", "key": "a", "data": [{"seq": 1, "value": 1}, {"seq": 3, "value": 3}]})
            await asker.get("b", seq=None)
            await asker.expect_silence()
            await pusher.push("a", 4, "relay")
            await pusher.push("b", 5)
            await asker.expect({"type": "push", "key": "b", "value": 5, "seq": 5})
            await debugger.expect({"type": "push", "key": "a", "value": 4, "seq": 4})
            await debugger.expect({"type": "init", "key": "b", "data": [{"seq": 2, "value": 2}, {"seq": 5, "value": 5}]})
            equal(await asker.replay("a"), [(1, 1), (3, 3)])
            await pusher.push("a", "all", "compact", seq=3)
            await debugger.expect({"type": "init", "key": "a", "data": [{"seq": 3, "value": "all"}]})
            await pusher.push("a", 6, "replace")
            await asker.expect({"type": "push", "key": "a", "value": 6, "seq": 6})


@scenario
async def order(url, count="100"):
    """Many connections push at the same time; all of them get the same in the same order."""
    count, pushes = int(count), 20
    room = await new_room(url)
    async with asyncio.TaskGroup() as group:
        ready = asyncio.Barrier(count)

        async def work(number):
            async with Connected(room["socket_url"], number % 4 == 0) as client:
                await ready.wait()
                for push in range(pushes):
                    action = ["append", "relay", "replace"][(number + push) % 3]
                    await client.push(f"key {number % 5}", [number, push], action)
                heard = []
                while len(heard) < count * pushes:
                    message = await client.receive()
                    if message["type"] == "push":
                        heard.append((message["seq"], message["key"], message["value"]))
                    else:
                        equal(message["type"], "stream_size", f"{message}")
                return heard

        tasks = [group.create_task(work(number)) for number in range(count)]
    first = tasks[0].result()
    equal([seq for seq, _, _ in first], list(range(1, count * pushes + 1)), "numbers")
    for number, task in enumerate(tasks):
        check(task.result() == first, f"connection {number} heard something else")
        own = [push for _, _, (pusher, push) in first if pusher == number]
        equal(own, list(range(pushes)), f"the pushes of {number}")


@scenario
async def fill(url, state):
    """Leaves streams, and a note of what they hold."""
    room = await new_room(url)
    rng = random.Random(1)
    kept, last = {}, 0
    async with Connected(room["socket_url"]) as client:
        for number in range(300):
            key = rng.choice("abc")
            action = rng.choice(["append", "append", "append", "relay", "replace", "compact"])
            items = kept.setdefault(key, [])
            if action == "compact":
                seq = rng.randint(1, last) if last else 0
                floor = max([0] + [s for s, _, kind in items[:1] if kind == "compact"] + [s - 1 for s, _, kind in items[:1] if kind == "replace"])
                if not items or seq <= floor or seq < items[0][0]:
                    continue
                await client.push(key, number, "compact", seq=seq)
                kept[key] = [(seq, number, "compact")] + [item for item in items if item[0] > seq]
                continue
            last += 1
            await client.push(key, number, action)
            if action == "replace":
                kept[key] = [(last, number, "replace")]
            elif action == "append":
                items.append((last, number, "append"))
        expected = {key: [[seq, value] for seq, value, _ in items] for key, items in kept.items()}
        for key, items in expected.items():
            equal([list(item) for item in await client.replay(key)], items, f"key {key}")
    with open(state, "w") as file:
        json.dump({"room": room["room"], "kept": expected, "last": last}, file)


@scenario
async def find(url, state, end="stopped"):
    """After a restart, the streams hold exactly what they held."""
    with open(state) as file:
        state = json.load(file)
    status, room = await call("GET", f"{url}{PATH}/room/{state['room']}")
    equal(status, 200)
    async with Connected(room["socket_url"]) as client:
        for key, items in state["kept"].items():
            equal([list(item) for item in await client.replay(key)], items, f"key {key}")
        await client.push("new", 1)
        seq = (await client.receive())["seq"]
        # Numbers that were in reserve for relays are left out after a kill.
        check(seq == state["last"] + 1 or end == "killed" and seq > state["last"], f"{seq} after {state['last']}")


@scenario
async def races(url):
    """Connections that compact the same key at the same time: nothing is lost, and nothing counted twice."""
    room = await new_room(url)
    workers, pushes = 10, 40

    async def work(number):
        # What is kept is a sum, by whoever is told that there are many messages.
        async with Connected(room["socket_url"], number % 2 == 0) as client:
            for push in range(pushes):
                await client.push("sum", 1)
                if push % 5 == 4:
                    items = await client.replay("sum")
                    await client.push("sum", sum(value for _, value in items), "compact", seq=items[-1][0])
            await client.replay("sum")

    async with asyncio.TaskGroup() as group:
        for number in range(workers):
            group.create_task(work(number))
    async with Connected(room["socket_url"]) as client:
        items = await client.replay("sum")
        equal(sum(value for _, value in items), workers * pushes, "the sum")
        equal([seq for seq, _ in items], sorted({seq for seq, _ in items}), "numbers")
        await client.push("sum", "late", "compact", seq=items[0][0] - 1)
        equal(await client.replay("sum"), items, "a late compaction")


@scenario
async def bad_input(url):
    """What isn't understood is answered or closes the connection, and the server goes on."""
    room = await new_room(url)
    equal((await call("GET", f"{url}{PATH}/room/nothing"))[0], 404)
    unknown = room["socket_url"].replace(room["room"], "nothing")
    await refused(unknown, 404)
    equal((await call("POST", unknown.replace("ws://", "http://").replace("/connect", "/send"), {"type": "ping"}))[0], 404)
    equal((await call("GET", room["socket_url"].replace("ws://", "http://")))[0], 426)
    append = {"type": "append"}
    malformed = [
        [], 1, "push", None, {}, {"type": 1}, {"type": "pull"}, {"type": "push"}, {"type": "push", "key": 1, "value": 1, "action": append},
        {"type": "push", "key": "k", "action": append}, {"type": "push", "key": "k", "value": None, "action": append},
        {"type": "push", "key": "k", "value": 1}, {"type": "push", "key": "k", "value": 1, "action": "append"},
        {"type": "push", "key": "k", "value": 1, "action": {}}, {"type": "push", "key": "k", "value": 1, "action": {"type": "prepend"}},
        {"type": "push", "key": "k", "value": 1, "action": {"type": "compact"}},
        {"type": "push", "key": "k", "value": 1, "action": {"type": "compact", "seq": -1}},
        {"type": "push", "key": "k", "value": 1, "action": {"type": "compact", "seq": 1000}},
        {"type": "push", "key": "k" * 1000, "value": 1, "action": append},
        {"type": "push", "key": "k", "value": "x" * 300_000, "action": append}, {"type": "get"}, {"type": "get", "key": ["k"]},
        {"type": "get", "key": "k", "seq": "1"}, {"type": "get", "key": "k", "seq": -1}, {"type": "get", "key": "k", "seq": 1.5},
        {"type": "ping", "nonce": "n"},
    ]
    for cbor in [False, True]:
        async with Connected(room["socket_url"], cbor) as client:
            for message in malformed:
                await client.send(message)
                answer = await client.receive()
                check(answer["type"] == "error" and answer["message"], f"{message} is answered with {answer}")
            garbage = [b"\xff", b"\xa1", b"\x9f" * 1000, b"", b"\x00\x00"] if cbor else ["", "{", "[" * 1000, '{"type":"ping"} x', "\x00", '{"a":"\ud800"}'.encode("utf-8", "surrogatepass").decode("latin-1")]
            for frame in garbage:
                await client.connection.send(frame)
                equal((await client.receive())["type"], "error", f"{frame!r}")
            await client.connection.send(json.dumps({"type": "ping"}) if cbor else cbor2.dumps({"type": "ping"}))
            equal((await client.receive())["type"], "error", "a frame of the other kind")
            await client.expect_silence()
    for message in malformed:
        status, answer = await call("POST", room["http_url"], message)
        check(400 <= status < 500 and answer["errcode"] and answer["message"], f"{message}: {status} {answer}")
    equal((await call("POST", room["http_url"], b"{"))[0], 400)
    equal((await call("POST", room["http_url"], b"{" * 2_000_000))[0], 413)
    # Too large for the connection
    async with Connected(room["socket_url"]) as client:
        await client.connection.send(" " * 1_000_000)
        equal((await closed(client))[0], 1009, "too large a frame")
    async with Connected(room["socket_url"]) as client:
        try:
            await client.connection.send(["x" * 100_000 for _ in range(10)])
            equal((await closed(client))[0], 1009, "too large a message")
        except ConnectionClosed as error:
            equal(error.rcvd.code, 1009, "too large a message")
    # A message in pieces, which is fine
    async with Connected(room["socket_url"]) as client:
        await client.connection.send(iter(['{"type":', '"ping",', '"nonce":1}']))
        await client.expect({"type": "pong", "nonce": 1})
    await raw_frames(room)
    async with Connected(room["socket_url"]) as client:
        await client.expect_silence()


async def raw_frames(room):
    """What a WebSocket library would never send."""
    parts = urllib.parse.urlsplit(room["socket_url"])
    key = urlsafe_b64encode(b"0123456789abcdef").decode()
    head = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    frames = {
        b"\x81\x02{}": 1002,  # unmasked
        b"\xc1\x80\0\0\0\0": 1002,  # with an extension's bit
        b"\x83\x80\0\0\0\0": 1002,  # with a code that is nobody's
        b"\x80\x80\0\0\0\0": 1002,  # that continues nothing
        b"\x01\x80\0\0\0\0\x81\x80\0\0\0\0": 1002,  # a message within another
        b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0": 1009,  # 2^63 bytes
    }
    for frame, code in frames.items():
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        check(b" 101 " in answer.splitlines()[0], f"{answer}")
        writer.write(frame)
        closing = await asyncio.wait_for(reader.read(200), 30)
        check(closing[0] == 0x88 and int.from_bytes(closing[2:4], "big") == code, f"{frame!r} is answered with {closing!r}, not {code}")
        writer.close()
    for wrong in ["", "Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", f"Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: {key}\r\n"]:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"{head}{wrong}\r\n".encode())
        check(b" 400 " in await reader.readline(), f"{wrong!r}")
        writer.close()


@scenario
async def flood(url):
    """Who sends without end is stopped; others are not."""
    room = await new_room(url)
    async with Connected(room["socket_url"]) as other, Connected(room["socket_url"]) as client:
        try:
            for number in range(100_000):
                await client.push("flood", number, "relay")
                if number % 100 == 0:
                    # Time to read what comes.
                    await asyncio.sleep(0)
        except ConnectionClosed:
            pass
        code, errors = await closed(client)
        equal((code, errors), (1008, ["Too many messages"]))
        await other.push("key", 1)
        while (message := await other.receive())["key"] == "flood":
            pass
        equal(message["value"], 1)


@scenario
async def slow_reader(url):
    """Who doesn't read is disconnected; others are not, and hear everything."""
    room = await new_room(url)
    parts = urllib.parse.urlsplit(room["socket_url"])
    key = urlsafe_b64encode(b"0123456789abcdef").decode()
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect((parts.hostname, parts.port))
    slow.sendall(
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    value = "x" * 200_000
    async with Connected(room["socket_url"]) as client:
        for number in range(1, 101):
            await client.push("key", value, "relay")
            equal((await client.receive())["seq"], number)
    slow.settimeout(30)
    received = 0
    try:
        while data := slow.recv(1 << 16):
            received += len(data)
    except ConnectionResetError:
        pass
    check(received < 100 * len(value), f"the slow reader got all: {received} bytes")


@scenario
async def makers(url, token):
    """By default users make rooms, and others don't."""
    equal((await call("POST", f"{url}{PATH}/new"))[0], 401)
    equal((await call("POST", f"{url}{PATH}/new", token="wrong"))[0], 401)
    alice, _ = await register(url, token, "alice")
    status, room = await call("POST", f"{url}{PATH}/new", token=alice)
    equal(status, 200)
    async with Connected(room["socket_url"]) as client:
        await client.expect_silence()


async def register(url, registration_token, name):
    """A new user's access token and ID."""
    path = f"{url}/_matrix/client/v3/register"
    body = {"username": name, "password": f"correct horse {name}"}
    _, flows = await call("POST", path, body)
    for auth in [{"type": "m.login.registration_token", "token": registration_token}, {"type": "m.login.dummy"}]:
        status, answer = await call("POST", path, {**body, "auth": {**auth, "session": flows["session"]}})
    equal(status, 200, f"{answer}")
    return answer["access_token"], answer["user_id"]


@scenario
async def matrix_room(url, token):
    """The stream of a Matrix room: for its members, by their power levels."""
    (alice, alice_id), (bob, bob_id), (eve, _) = [await register(url, token, name) for name in ["alice", "bob", "eve"]]
    api = f"{url}/_matrix/client/v3"
    _, made = await call("POST", f"{api}/createRoom", {"preset": "public_chat"}, alice)
    room = urllib.parse.quote(made["room_id"])
    base = f"{url}{PATH}/matrix/{room}"
    equal((await call("GET", base))[0], 401)
    equal((await call("GET", base, token=bob))[0], 403)
    equal((await call("POST", f"{base}/send", {"type": "ping"}, bob))[0], 403)
    await call("POST", f"{api}/join/{room}", {}, bob)
    status, place = await call("GET", base, token=bob)
    equal((status, place["room"]), (200, made["room_id"]))
    await refused(place["socket_url"], 401)
    await refused(f"{place['socket_url']}?access_token={eve}", 403)

    async with Connected(place["socket_url"], access_token=alice) as one, Connected(place["socket_url"], True, access_token=bob) as two:
        await one.push("cursor", [1, 2], "replace")
        pushed = {"type": "push", "key": "cursor", "value": [1, 2], "seq": 1, "sender": alice_id}
        await one.expect(pushed)
        await two.expect(pushed)
        await two.push("cursor", {"x": 1})
        pushed = {"type": "push", "key": "cursor", "value": {"x": 1}, "seq": 2, "sender": bob_id}
        await one.expect(pushed)
        await two.expect(pushed)
        await two.expect({"type": "stream_size", "key": "cursor", "size": 2})
        await one.get("cursor")
        data = [{"seq": 1, "value": [1, 2], "sender": alice_id}, {"seq": 2, "value": {"x": 1}, "sender": bob_id}]
        await one.expect({"type": "init", "key": "cursor", "data": data})

        # Writing takes what the room's power levels say.
        _, levels = await call("GET", f"{api}/rooms/{room}/state/m.room.power_levels", token=alice)
        levels.setdefault("events", {})["org.martlet.stream"] = 50
        equal((await call("PUT", f"{api}/rooms/{room}/state/m.room.power_levels", levels, alice))[0], 200)
        await two.push("cursor", 3)
        equal((await two.receive())["type"], "error")
        push = {"type": "push", "key": "cursor", "value": 4, "action": {"type": "append"}}
        equal((await call("POST", place["http_url"], push, bob))[0], 403)
        equal(await call("POST", place["http_url"], push, alice), (200, {"type": "stream_size", "key": "cursor", "size": 3}))
        equal((await two.receive())["sender"], alice_id)
        equal((await one.receive())["value"], 4)

        # Who leaves hears nothing more; nor does who logs out.
        equal((await call("POST", f"{api}/rooms/{room}/leave", {}, bob))[0], 200)
        equal((await closed(two))[0], 1008, "after leaving")
        await refused(f"{place['socket_url']}?access_token={bob}", 403)
        await one.expect_silence()
        await call("POST", f"{api}/logout", {}, alice)
        equal((await closed(one))[0], 1008, "after logging out")


@scenario
async def places(url, root):
    """Where streams are served: under a path, and at the root of a listener of their own."""
    for base in [f"{url}/live/streams", root, f"{root}/live/streams"]:
        status, room = await call("POST", f"{base}/new")
        equal(status, 200, base)
        equal(room["http_url"], f"{base}/room/{room['room']}/send")
        equal(room["socket_url"], f"{base.replace('http', 'ws')}/room/{room['room']}/connect")
        async with Connected(room["socket_url"]) as client:
            await client.expect_silence()
    equal((await call("POST", f"{url}{PATH}/new"))[0], 404)
    equal((await call("POST", f"{url}/new"))[0], 404)
    equal((await call("GET", f"{root}/_matrix/client/versions"))[0], 404)


@scenario
async def off(url, is_enabled):
    """Nobody makes rooms, or nobody uses streams at all."""
    equal((await call("POST", f"{url}{PATH}/new"))[0], 403 if is_enabled == "true" else 404)
    equal((await call("GET", f"{url}{PATH}/demo"))[0], 404)


if __name__ == "__main__":
    asyncio.run(SCENARIOS[sys.argv[1]](*sys.argv[2:]))
