"""Two people chat through a homeserver with matrix-nio; the server may be killed between the steps.

    nio_chat.py chat URL TOKEN STATE    register, log in, make a room, chat, page back through the history
    nio_chat.py stream URL STATE LOG    send from several clients until the server goes away
    nio_chat.py verify URL STATE LOG    nothing that was answered is lost or doubled, and everybody goes on

STATE is a JSON file that each step reads and writes. LOG has one line of JSON for each send that was answered, written as it comes.
A step that finds something wrong says what, and ends with status 1.
"""

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field

from aiohttp import ClientError
from nio import (
    AsyncClient,
    AsyncClientConfig,
    JoinResponse,
    LoginResponse,
    MessageDirection,
    RegisterResponse,
    RoomCreateResponse,
    RoomInviteResponse,
    RoomMessagesResponse,
    RoomPutStateResponse,
    RoomSendResponse,
    SyncResponse,
)

from nio_support import PASSWORD, ROOM_VERSION, STEP_TIMEOUT_SECONDS, check, expect

MESSAGE_COUNT = 100
SENDERS_PER_USER = 3
LONG_POLL_MS = 30_000


@dataclass
class Session:
    """One logged-in device, and what it has seen of the room by sync, in order."""

    user_id: str
    device_id: str
    access_token: str
    next_batch: str | None = None
    seen: list = field(default_factory=list)  # (event ID, body or None) of each timeline event
    unanswered: list = field(default_factory=list)  # transaction IDs, which are the bodies too

    @asynccontextmanager
    async def client(self, url):
        # No retries: a connection that breaks is the test's business.
        client = AsyncClient(url, self.user_id, config=AsyncClientConfig(max_timeouts=0, encryption_enabled=False))
        client.restore_login(self.user_id, self.device_id, self.access_token)
        client.next_batch = self.next_batch
        try:
            yield client
        finally:
            await client.close()

    async def sync_once(self, client, room_id, timeout=LONG_POLL_MS):
        """One sync; what it brings, and the history of its gap, counts only when all of it has come."""
        since = self.next_batch
        response = expect(SyncResponse, await client.sync(timeout=timeout, since=since))
        room = response.rooms.join.get(room_id)
        if room is not None:
            timeline = [(event.event_id, getattr(event, "body", None)) for event in room.timeline.events]
            if room.timeline.limited and since is not None:
                timeline = await history(client, room_id, room.timeline.prev_batch, since) + timeline
            self.seen += timeline
        self.next_batch = response.next_batch

    async def sync_until(self, client, room_id, condition):
        async with asyncio.timeout(STEP_TIMEOUT_SECONDS):
            while not condition(self):
                await self.sync_once(client, room_id)

    def bodies(self):
        return [body for _, body in self.seen if body is not None]

    def event_ids(self):
        return [event_id for event_id, _ in self.seen]


async def history(client, room_id, start, end=None, limit=7):
    """Events before `start` (down to `end`), oldest first, by paging back."""
    events = []
    while start is not None:
        page = expect(
            RoomMessagesResponse,
            await client.room_messages(room_id, start, end=end, direction=MessageDirection.back, limit=limit),
        )
        check(len(page.chunk) <= limit, f"a page of {len(page.chunk)} events where {limit} were asked for")
        check(page.end is None or page.end != start, "a page ends where it started")
        events += [(event.event_id, getattr(event, "body", None)) for event in page.chunk]
        start = page.end
    return events[::-1]


async def send(client, room_id, body):
    """Sends `body` with itself as the transaction ID, so that a repeat is easy to make."""
    content = {"msgtype": "m.text", "body": body}
    response = await client.room_send(room_id, "m.room.message", content, tx_id=body)
    return expect(RoomSendResponse, response).event_id


async def register(url, token, name):
    client = AsyncClient(url, name, config=AsyncClientConfig(max_timeouts=0, encryption_enabled=False))
    try:
        response = expect(RegisterResponse, await client.register_with_token(name, PASSWORD, token))
        check(response.access_token, "registration gave no access token")
        return response.user_id
    finally:
        await client.close()


async def log_in(url, user_id):
    client = AsyncClient(url, user_id, config=AsyncClientConfig(max_timeouts=0, encryption_enabled=False))
    try:
        response = expect(LoginResponse, await client.login(PASSWORD, device_name="nio_chat"))
        check(response.user_id == user_id, f"logged in as {response.user_id}, not {user_id}")
        return Session(response.user_id, response.device_id, response.access_token)
    finally:
        await client.close()


async def chat(url, token, state_path):
    alice = await log_in(url, await register(url, token, "alice"))
    bob = await log_in(url, await register(url, token, "bob"))

    async with alice.client(url) as alice_client, bob.client(url) as bob_client:
        created = await alice_client.room_create(name="Tea", room_version=ROOM_VERSION)
        room_id = expect(RoomCreateResponse, created).room_id
        await bob.sync_once(bob_client, room_id, timeout=0)

        expect(RoomInviteResponse, await alice_client.room_invite(room_id, bob.user_id))
        async with asyncio.timeout(STEP_TIMEOUT_SECONDS):
            while room_id not in bob_client.invited_rooms:
                await bob.sync_once(bob_client, room_id)
        expect(JoinResponse, await bob_client.join(room_id))
        async with asyncio.timeout(STEP_TIMEOUT_SECONDS):
            while room_id not in bob_client.rooms:
                await bob.sync_once(bob_client, room_id)
        await alice.sync_once(alice_client, room_id, timeout=0)

        # Each answers when its long poll has brought the other's message, so the order is known.
        messages = [f"message {number}" for number in range(MESSAGE_COUNT)]
        for number, body in enumerate(messages):
            sender, receiver = (alice, bob) if number % 2 == 0 else (bob, alice)
            sender_client, receiver_client = (alice_client, bob_client) if number % 2 == 0 else (bob_client, alice_client)
            waiting = asyncio.create_task(receiver.sync_until(receiver_client, room_id, lambda it: body in it.bodies()))
            event_id = await send(sender_client, room_id, body)
            await waiting
            check((event_id, body) in receiver.seen, f"{body} came with another event ID than its sender got")
            if number == MESSAGE_COUNT // 2:
                check(await send(sender_client, room_id, body) == event_id, "a repeated send made another event")

        topic = expect(
            RoomPutStateResponse,
            await alice_client.room_put_state(room_id, "m.room.topic", {"topic": "Tea at four"}),
        )
        for session, client in ((alice, alice_client), (bob, bob_client)):
            await session.sync_until(client, room_id, lambda it: topic.event_id in it.event_ids())
            check(client.rooms[room_id].topic == "Tea at four", f"{session.user_id} sees no topic")
            check(client.rooms[room_id].name == "Tea", f"{session.user_id} sees no name")
            check(session.bodies() == messages, f"{session.user_id} got other messages by sync than were sent")
            paged = await history(client, room_id, session.next_batch)
            check([body for _, body in paged if body is not None] == messages, "the history differs from what was sent")
            check(len(set(paged)) == len(paged), "the history repeats an event")
            seen = session.event_ids()
            check(seen == [event_id for event_id, _ in paged][-len(seen) :], "sync and history disagree on the order")

    save(state_path, {"room_id": room_id, "alice": asdict(alice), "bob": asdict(bob)})


async def stream(url, state_path, log_path):
    state = load(state_path)
    room_id = state["room_id"]
    readers = [Session(**state[name]) for name in ("alice", "bob")]
    senders = [await log_in(url, reader.user_id) for reader in readers for _ in range(SENDERS_PER_USER)]

    async def keep_sending(session, number, log):
        async with session.client(url) as client:
            count = 0
            while True:
                body = f"stream {number} {count}"
                session.unanswered = [body]
                try:
                    event_id = await send(client, room_id, body)
                except (ClientError, TimeoutError, json.JSONDecodeError):
                    return
                session.unanswered = []
                print(json.dumps({"sender": number, "body": body, "event_id": event_id}), file=log, flush=True)
                count += 1

    async def keep_syncing(session):
        async with session.client(url) as client:
            while True:
                try:
                    await session.sync_once(client, room_id)
                except (ClientError, TimeoutError, json.JSONDecodeError):
                    return

    with open(log_path, "w") as log:
        await asyncio.gather(
            *(keep_sending(session, number, log) for number, session in enumerate(senders)),
            *(keep_syncing(session) for session in readers),
        )
    state |= {"alice": asdict(readers[0]), "bob": asdict(readers[1]), "senders": [asdict(sender) for sender in senders]}
    save(state_path, state)


async def verify(url, state_path, log_path):
    state = load(state_path)
    room_id = state["room_id"]
    readers = [Session(**state[name]) for name in ("alice", "bob")]
    senders = [Session(**sender) for sender in state["senders"]]
    with open(log_path) as log:
        answered = [json.loads(line) for line in log]

    # What had no answer is there at most once, and repeating it makes it there exactly once.
    async with readers[0].client(url) as client:
        last = expect(SyncResponse, await client.sync(timeout=0, since=readers[0].next_batch)).next_batch
        bodies = [body for _, body in await history(client, room_id, last, limit=50)]
        for sender in senders:
            for body in sender.unanswered:
                check(bodies.count(body) <= 1, f"{body!r}, never answered, is there {bodies.count(body)} times")
    for number, sender in enumerate(senders):
        async with sender.client(url) as client:
            for body in sender.unanswered:
                answered.append({"sender": number, "body": body, "event_id": await send(client, room_id, body)})
            own = [it for it in answered if it["sender"] == number]
            for repeated in own[:1] + own[-2:]:
                event_id = await send(client, room_id, repeated["body"])
                check(event_id == repeated["event_id"], f"repeating {repeated['body']!r} made another event")

    # Both go on from their old tokens; together with what they saw before it is the whole history since then.
    alice, bob = readers
    async with alice.client(url) as alice_client, bob.client(url) as bob_client:
        await send(alice_client, room_id, "still there?")
        await bob.sync_until(bob_client, room_id, lambda it: "still there?" in it.bodies())
        await send(bob_client, room_id, "still here")
        for session, client in ((alice, alice_client), (bob, bob_client)):
            await session.sync_until(client, room_id, lambda it: "still here" in it.bodies())
            paged = await history(client, room_id, session.next_batch, limit=50)
            seen = session.event_ids()
            check(len(set(seen)) == len(seen), f"{session.user_id}'s sync repeated an event")
            check(seen == [event_id for event_id, _ in paged][-len(seen) :], f"{session.user_id}'s sync left a gap")
            for send_ in answered:
                count = paged.count((send_["event_id"], send_["body"]))
                check(count == 1, f"{send_['body']!r}, answered with {send_['event_id']}, is there {count} times")
            sent = [body for _, body in paged if body is not None and body.startswith("stream ")]
            check(len(sent) == len(set(sent)) == len(answered), f"{len(sent)} messages for {len(answered)} sends")
            for number in range(len(senders)):
                counts = [int(body.split()[2]) for body in sent if int(body.split()[1]) == number]
                check(counts == sorted(counts), f"sender {number}'s messages changed their order")


def load(path):
    with open(path) as file:
        return json.load(file)


def save(path, state):
    with open(path, "w") as file:
        json.dump(state, file)


if __name__ == "__main__":
    asyncio.run({"chat": chat, "stream": stream, "verify": verify}[sys.argv[1]](*sys.argv[2:]))
